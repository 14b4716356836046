#include "vmlab/process/temporary_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "vmlab/process/owner.hpp"

namespace vmlab::process {

namespace {

constexpr std::string_view prefix = "vmlab-";
constexpr std::string_view gone = "gone-";

// Once a process that ends by a signal has removed its folders, a thread of it must not make another one.
std::mutex making;
bool ending = false;

/// $TMPDIR where it is a folder that can be written to, else /tmp.
std::filesystem::path parent_folder() {
    const char* named = std::getenv("TMPDIR");
    if (named != nullptr && ::access(named, W_OK | X_OK) == 0) {
        return std::filesystem::absolute(named);
    }
    return "/tmp";
}

/// The folder under another name, which tells the same owner: whatever a thread of ours goes on doing under
/// the old one fails.
std::filesystem::path put_out_of_reach(const std::filesystem::path& folder) {
    const std::string name = folder.filename().string();
    const std::size_t after_dot = name.rfind('.') + 1;
    if (name.compare(after_dot, gone.size(), gone) == 0) {
        return folder;
    }
    const std::filesystem::path other =
        folder.parent_path() / fmt::format("{}{}{}", name.substr(0, after_dot), gone, name.substr(after_dot));
    std::error_code error;
    std::filesystem::rename(folder, other, error);
    return error ? folder : other;
}

/// A run that is still going may write into it meanwhile: then it is not empty at the first try.
bool remove_with_everything(const std::filesystem::path& folder) {
    std::error_code error;
    for (int attempt = 0; attempt < 20; ++attempt) {
        std::filesystem::remove_all(folder, error);
        if (!error) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

/// Removes our user's folders whose owner is chosen.
int remove_folders(bool (*is_chosen)(std::string_view owner)) {
    int removed = 0;
    std::error_code error;
    std::vector<std::filesystem::path> stale;
    for (std::filesystem::directory_iterator entry(parent_folder(), error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const std::size_t dot = name.rfind('.');
        if (!name.starts_with(prefix) || dot == std::string::npos) {
            continue;
        }
        const std::string tag = name.substr(prefix.size(), dot - prefix.size());
        struct stat facts {};
        const bool ours = ::lstat(entry->path().c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) &&
                          facts.st_uid == ::geteuid();
        const bool is_tag = tag.find_first_not_of("0123456789-") == std::string::npos;
        if (ours && is_tag && is_chosen(tag)) {
            stale.push_back(entry->path());
        }
    }
    for (const auto& path : stale) {
        removed += remove_with_everything(put_out_of_reach(path)) ? 1 : 0;
    }
    return removed;
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::create() {
    const std::lock_guard lock(making);
    if (ending) {
        return failed("no temporary folder is made any more: the process is ending");
    }
    std::string path = (parent_folder() / fmt::format("{}{}.XXXXXX", prefix, owner_tag())).string();
    if (::mkdtemp(path.data()) == nullptr) {
        return failed_call("mkdtemp", path);
    }
    TemporaryFolder folder(path);
    if (::chmod(path.c_str(), 0711) != 0) {
        return failed_call("chmod", path);
    }
    return folder;
}

int TemporaryFolder::remove_stale() {
    return remove_folders(owner_is_gone);
}

int TemporaryFolder::remove_own() {
    const std::lock_guard lock(making);
    ending = true;
    return remove_folders([](std::string_view owner) { return owner == owner_tag(); });
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, std::filesystem::path())) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
}

TemporaryFolder::~TemporaryFolder() {
    if (!path_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
}

}  // namespace vmlab::process
