#include "process/recording.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <system_error>

#include "vmlab/process/files.hpp"

namespace vmlab::process {

namespace {

std::string json_text(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        result += c == '"' || c == '\\' || byte < 0x20 || byte >= 0x7F ? fmt::format("\\u{:04x}", byte)
                                                                       : std::string(1, c);
    }
    return result + "\"";
}

template <class Texts>
std::string json_list(const Texts& texts) {
    std::string result;
    for (const auto& text : texts) {
        result += (result.empty() ? "" : ", ") + json_text(std::string(text));
    }
    return "[" + result + "]";
}

/// The memory limit of the group that a job joins, in bytes; empty when it joins none.
std::string memory_limit(const Job& job) {
    for (const std::filesystem::path& group : job.cgroups) {
        for (std::filesystem::path folder = group.parent_path(); folder.has_relative_path();
             folder = folder.parent_path()) {
            for (const char* name : {"memory.limit_in_bytes", "memory.max"}) {
                const auto text = read_kernel_file(folder / name);
                // A group without a limit of its own shows "max" or a number near 2^63.
                if (text && text->size() < 16 && *text != "max\n") {
                    return text->substr(0, text->find('\n'));
                }
            }
        }
    }
    return {};
}

void keep(const std::filesystem::path& path, const std::filesystem::path& folder) {
    const std::filesystem::path copy = folder / path.relative_path();
    std::error_code ignored;
    std::filesystem::create_directories(copy.parent_path(), ignored);
    std::filesystem::copy(
        path, copy, std::filesystem::copy_options::recursive | std::filesystem::copy_options::skip_existing,
        ignored);
}

}  // namespace

Recording::Recording(const Job& job) : job_(job) {
    const char* folder = std::getenv("VMLAB_RECORD_RUNS");
    if (folder == nullptr || *folder == '\0') {
        return;
    }
    folder_ = folder;
    memory_limit_ = memory_limit(job);
    for (const auto& paths : {job.readable, job.writable}) {
        for (const std::filesystem::path& path : paths) {
            keep(path, std::filesystem::path(folder_) / "files");
        }
    }
}

void Recording::finish(const Run& run) const {
    if (folder_.empty()) {
        return;
    }
    static std::atomic<int> counter{0};
    std::vector<std::string> variables;
    for (const auto& [name, value] : job_.environment) {
        variables.push_back(name + "=" + value);
    }
    const std::string text = fmt::format(
        "{{\"argv\": {}, \"environment\": {}, \"input\": {}, \"channels\": {}, \"memory_limit\": {}, "
        "\"address_space\": {}, "
        "\"began\": {}, \"seconds\": {}, \"ended_by_grader\": {}}}\n",
        json_list(job_.argv), json_list(variables), json_text(job_.input), job_.channels.size(),
        json_text(memory_limit_), job_.limits.address_space_bytes,
        std::chrono::duration<double>(began_.time_since_epoch()).count(), run.elapsed.count(),
        run.ending != Ending::finished);
    const Result<void> written = write_file_atomically(
        std::filesystem::path(folder_) / fmt::format("{}-{}.json", ::getpid(), counter++), text);
    (void)written;
}

}  // namespace vmlab::process
