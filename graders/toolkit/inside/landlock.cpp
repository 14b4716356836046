#include "landlock.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vmlab::inside {
namespace {

// Rights that this machine's header may be too old to name.
constexpr uint64_t refer = 1U << 13U;     // version 2
constexpr uint64_t truncate = 1U << 14U;  // version 3

constexpr uint64_t read_rights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t first_rights = (1U << 13U) - 1;  // all those of version 1

// The rights that a file can have; the others are a folder's.
constexpr uint64_t file_rights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | truncate;

uint64_t rights_of(int version) {
    return first_rights | (version >= 2 ? refer : 0) | (version >= 3 ? truncate : 0);
}

int make_ruleset(uint64_t handled) {
    // Later versions have a longer structure; one that ends here means nothing of theirs.
    const uint64_t attributes[1] = {handled};
    return static_cast<int>(syscall(SYS_landlock_create_ruleset, attributes, sizeof attributes, 0));
}

bool allow(int ruleset, const char* path, uint64_t rights) {
    const int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0) {
        return errno == ENOENT || errno == EACCES;  // what cannot be seen need not be shown
    }
    struct stat facts = {};
    bool done = fstat(place, &facts) == 0;
    if (done) {
        landlock_path_beneath_attr rule = {};
        rule.allowed_access = S_ISDIR(facts.st_mode) ? rights : rights & file_rights;
        rule.parent_fd = place;
        done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    }
    close(place);
    return done;
}

bool restrict_self(int ruleset, bool is_whole) {
    const bool done = is_whole && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    const int number = errno;
    close(ruleset);
    errno = number;
    return done;
}

}  // namespace

int landlock_version() {
    const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? static_cast<int>(version) : 0;
}

bool stay_out_of_other_processes() {
    const int version = landlock_version();
    if (version == 0) {
        return true;
    }
    // Any rules make a domain. Moving files between folders is forbidden in every domain that does not say
    // otherwise, and version 1 cannot say it: there it stays forbidden.
    const uint64_t handled = version >= 2 ? refer : LANDLOCK_ACCESS_FS_MAKE_BLOCK;
    const int ruleset = make_ruleset(handled);
    return ruleset >= 0 && restrict_self(ruleset, allow(ruleset, "/", handled));
}

bool show_only(const View& view) {
    const int version = landlock_version();
    if (version == 0) {
        return true;
    }
    const uint64_t all = rights_of(version);
    const int ruleset = make_ruleset(all);
    if (ruleset < 0) {
        return false;
    }
    bool is_whole = true;
    for (int i = 0; i < view.readable_count; ++i) {
        is_whole = is_whole && allow(ruleset, view.readable[i], read_rights & all);
    }
    for (int i = 0; i < view.writable_count; ++i) {
        is_whole = is_whole && allow(ruleset, view.writable[i], all);
    }
    return restrict_self(ruleset, is_whole);
}

}  // namespace vmlab::inside
