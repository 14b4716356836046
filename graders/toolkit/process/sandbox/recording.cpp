#include "process/sandbox/recording.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <system_error>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::process {

namespace {

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

/// Several graders write to one file: a line is written as a whole.
void Recording::add_to_profile(const Run& run) const {
    const char* file = std::getenv("VMLAB_PROFILE_RUNS");
    const Descriptor profile(file == nullptr ? -1 : ::open(file, O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!profile) {
        return;
    }
    const nlohmann::json record = {
        {"grader", program_invocation_short_name},
        {"argv", job_.argv},
        {"began", std::chrono::duration<double>(began_.time_since_epoch()).count()},
        {"seconds", run.elapsed.count()},
        {"processor_seconds", std::chrono::duration<double>(run.processor_time).count()},
    };
    const std::string line = record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    (void)!::write(profile.get(), line.data(), line.size());
}

void Recording::finish(const Run& run) const {
    add_to_profile(run);
    if (folder_.empty()) {
        return;
    }
    static std::atomic<int> counter{0};
    std::vector<std::string> variables;
    for (const auto& [name, value] : job_.environment) {
        variables.push_back(fmt::format("{}={}", name, value));
    }
    const nlohmann::json record = {
        {"argv", job_.argv},
        {"environment", variables},
        {"input", job_.input},
        {"arena", job_.cgroups.empty() ? "" : job_.cgroups.front().parent_path().parent_path().string()},
        {"memory_limit", memory_limit_},
        {"address_space", job_.limits.address_space_bytes},
        {"began", std::chrono::duration<double>(began_.time_since_epoch()).count()},
        {"seconds", run.elapsed.count()},
        {"ended_by_grader", run.ending != Ending::finished},
    };
    const std::string text = record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    const Result<void> written = write_file_atomically(
        std::filesystem::path(folder_) / fmt::format("{}-{}.json", ::getpid(), counter++), text);
    (void)written;
}

}  // namespace vmlab::process
