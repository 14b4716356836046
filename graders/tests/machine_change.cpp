#include "machine_change.hpp"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <vector>

namespace vmlab::cli_tests {

namespace fs = std::filesystem;

bool take_own_mounts() {
    return unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool hide(const fs::path& file) {
    // A device cannot be opened on a mount without devices, and this one cannot be executed anywhere.
    return !fs::exists(file) ||
           (mount("/dev/null", file.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
            mount(nullptr, file.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOEXEC, nullptr) == 0);
}

bool lay_over(const fs::path& folder, const fs::path& files) {
    const std::string layers = "lowerdir=" + files.string() + ":" + folder.string();
    return mount("overlay", folder.c_str(), "overlay", MS_RDONLY, layers.c_str()) == 0;
}

bool make_read_only(const fs::path& folder) {
    if (mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
        return false;
    }
    std::vector<std::string> points;
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string device;
        std::string point;
        words >> device >> point;
        if (point == folder.string() || point.starts_with(folder.string() + "/")) {
            points.push_back(point);
        }
    }
    for (const std::string& point : points) {
        if (mount(nullptr, point.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
            return false;
        }
    }
    return !points.empty();
}

bool make_small(const fs::path& folder, const std::string& size) {
    return mount("tmpfs", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
}

bool forbid_execution(const fs::path& folder) {
    return mount("tmpfs", folder.c_str(), "tmpfs", MS_NOEXEC, nullptr) == 0;
}

bool become_ordinary() {
    constexpr uid_t nobody = 65'533;
    return geteuid() != 0 || (setgroups(0, nullptr) == 0 && setresgid(nobody, nobody, nobody) == 0 &&
                              setresuid(nobody, nobody, nobody) == 0);
}

bool limit(__rlimit_resource resource, rlim_t value) {
    const rlimit both{value, value};
    return setrlimit(resource, &both) == 0;
}

bool switch_off_address_randomisation() {
    return personality(ADDR_NO_RANDOMIZE) != -1;
}

bool switch_off_huge_pages() {
    return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0;
}

}  // namespace vmlab::cli_tests
