#include "vmlab/process/temporary_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "vmlab/process/owner.hpp"

namespace vmlab::process {

namespace {

constexpr std::string_view prefix = "vmlab-";

/// $TMPDIR where it is a folder that can be written to, else /tmp.
std::filesystem::path parent_folder() {
    const char* named = std::getenv("TMPDIR");
    if (named != nullptr && ::access(named, W_OK | X_OK) == 0) {
        return std::filesystem::absolute(named);
    }
    return "/tmp";
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
        std::filesystem::remove_all(path, error);
        removed += error ? 0 : 1;
    }
    return removed;
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::create() {
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
    return remove_folders([](std::string_view owner) { return !owner_is_alive(owner); });
}

int TemporaryFolder::remove_own() {
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
