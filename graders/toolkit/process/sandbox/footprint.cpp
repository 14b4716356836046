#include "process/sandbox/footprint.hpp"

#include <sys/stat.h>

#include <system_error>

namespace vmlab::process {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t most_files = 20'000;

struct Sum {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;

    void add(const fs::path& path, uid_t uid) {
        struct stat facts {};
        if (::lstat(path.c_str(), &facts) == 0 && facts.st_uid == uid) {
            constexpr std::uint64_t block = 512;  // stat(2), st_blocks: a sparse file counts what it takes
            bytes += static_cast<std::uint64_t>(facts.st_blocks) * block;
            ++files;
        }
    }
};

}  // namespace

bool fills_disk(const fs::path& folder, uid_t uid, std::uint64_t bytes) {
    Sum sum;
    const auto too_much = [&] { return sum.bytes > bytes || sum.files > most_files; };
    std::error_code error;
    // Folders come and go while we look: what cannot be read is left out this time.
    for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error),
         end;
         !error && entry != end && !too_much(); entry.increment(error)) {
        sum.add(entry->path(), uid);
        if (entry.depth() > 100) {
            return true;  // no honest program makes such a tree
        }
    }
    for (const char* shared : {"/tmp", "/var/tmp", "/dev/shm"}) {
        error.clear();
        for (fs::directory_iterator entry(shared, error), end; !error && entry != end && !too_much();
             entry.increment(error)) {
            sum.add(entry->path(), uid);
        }
    }
    return too_much();
}

}  // namespace vmlab::process
