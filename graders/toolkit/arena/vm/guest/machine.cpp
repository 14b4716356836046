#include "arena/vm/guest/machine.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "arena/vm/guest/kernel_files.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::guest {
namespace {

struct Mount {
    const char* type;
    const char* folder;
    unsigned long flags;
    const char* options;
};

constexpr Mount mounts[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    {"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=755"},
    {"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "size=8m,nr_inodes=1k,mode=1777"},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "size=1m,mode=755"},
    {"tmpfs", "/var/log", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=2m,mode=755"},
    {"cgroup2", cgroups, MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
};

// More than the init ever uses: events that wait for the port, and the whole syslog once.
constexpr std::size_t own_memory = 6U << 20U;

}  // namespace

process::Result<void> mount_file_systems() {
    for (const Mount& mount : mounts) {
        std::error_code ignored;
        std::filesystem::create_directories(mount.folder, ignored);
        // A kernel may have mounted /dev by itself (CONFIG_DEVTMPFS_MOUNT).
        if (::mount(mount.type, mount.folder, mount.type, mount.flags, mount.options) != 0 &&
            errno != EBUSY) {
            return process::failed_call("mount", mount.folder);
        }
    }
    if (!write_to(std::string(cgroups) + "/cgroup.subtree_control", "+memory +pids")) {
        return process::failed_call("write", "cgroup.subtree_control");
    }
    constexpr std::string_view name = "vmlab";
    (void)::sethostname(name.data(), name.size());
    return {};
}

process::Result<void> load_modules(const char* folder) {
    std::vector<std::string> modules;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
        modules.push_back(entry.path().string());
    }
    std::sort(modules.begin(), modules.end());
    for (const std::string& path : modules) {
        const process::Descriptor module(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!module) {
            return process::failed_call("open", path);
        }
        if (::syscall(SYS_finit_module, module.get(), "", 0) != 0 && errno != EEXIST) {
            return process::failed_call("finit_module", path);
        }
    }
    // They are the kernel's now.
    std::filesystem::remove_all(folder, none);
    return {};
}

void become_unkillable() {
    (void)write_to("/proc/self/oom_score_adj", "-1000");
    ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    void* memory = std::malloc(own_memory);
    if (memory != nullptr) {
        std::memset(memory, 1, own_memory);
        // The compiler may not leave out what is written to memory that is freed next.
        asm volatile("" : : "r"(memory) : "memory");
    }
    std::free(memory);
    (void)::mlockall(MCL_CURRENT | MCL_FUTURE);
}

void limit_files(std::uint64_t more_bytes) {
    struct statfs facts {};
    if (::statfs("/", &facts) != 0) {
        return;
    }
    const std::uint64_t used = (facts.f_blocks - facts.f_bfree) * static_cast<std::uint64_t>(facts.f_bsize);
    const std::uint64_t files = facts.f_files - facts.f_ffree;
    const std::string options = fmt::format("size={},nr_inodes={}", used + more_bytes, files + 1000);
    (void)::mount(nullptr, "/", nullptr, MS_REMOUNT, options.c_str());
}

void set_clock(std::uint64_t unix_ms) {
    const timespec time{static_cast<time_t>(unix_ms / 1000), static_cast<long>(unix_ms % 1000) * 1'000'000};
    (void)::clock_settime(CLOCK_REALTIME, &time);
}

std::uint64_t now_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

void sleep_ms(long milliseconds) {
    const timespec time{milliseconds / 1000, (milliseconds % 1000) * 1'000'000};
    ::nanosleep(&time, nullptr);
}

void say(std::string_view line) {
    const std::string text = std::string(line) + '\n';
    (void)!::write(STDOUT_FILENO, text.data(), text.size());
}

void power_off() {
    for (;;) {
        ::reboot(RB_POWER_OFF);
        // Only if this machine cannot be powered off: QEMU ends too (-no-reboot).
        ::reboot(RB_AUTOBOOT);
    }
}

}  // namespace vmlab::guest
