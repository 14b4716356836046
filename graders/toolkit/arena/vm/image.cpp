#include "arena/vm/image.hpp"

#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "arena/vm/cpio.hpp"
#include "arena/vm/modules.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;

// Changes whenever what is written by this file changes: part of the fingerprint.
constexpr std::string_view layout = "2";
constexpr std::size_t largest_file = 256U << 20U;

constexpr std::string_view rsyslog_configuration = R"(module(load="imklog")
module(load="imuxsock")
*.* action(type="omfile" file="/var/log/syslog" template="RSYSLOG_FileFormat")
)";
constexpr std::string_view users = R"(root:x:0:0:root:/:/bin/sh
student:x:1000:1000:student:/home/student:/bin/sh
)";
constexpr std::string_view groups = "root:x:0:\nstudent:x:1000:\n";

process::Result<ImagePlan::File> file_of(const fs::path& in_guest, const fs::path& here, unsigned mode) {
    struct stat facts {};
    if (::stat(here.c_str(), &facts) != 0) {
        return process::failed_call("stat", here.string());
    }
    return ImagePlan::File{in_guest, here, mode};
}

/// The libraries that a student's program is linked with: this process is linked with the same.
std::vector<fs::path> libraries_of_programs() {
    std::vector<fs::path> found;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* to) {
            const fs::path path = info->dlpi_name;
            for (const char* wanted : {"ld-linux-x86-64.so.", "libc.so.", "libm.so.", "libgcc_s.so.",
                                       "libstdc++.so.", "libfmt.so."}) {
                if (path.is_absolute() && path.filename().string().starts_with(wanted)) {
                    static_cast<std::vector<fs::path>*>(to)->push_back(path);
                }
            }
            return 0;
        },
        &found);
    return found;
}

/// The libraries of a program of this machine's, as its loader finds them. None: it is static.
std::vector<fs::path> libraries_of(const fs::path& program) {
    std::vector<fs::path> found;
    const auto run = process::run_tool({"/lib64/ld-linux-x86-64.so.2", "--list", program.string()});
    if (!run || !run->succeeded()) {
        return found;
    }
    // "\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f…)"; the loader itself has no arrow.
    for (std::size_t at = run->out.find("=> /"); at != std::string::npos; at = run->out.find("=> /", at)) {
        at += 3;
        found.emplace_back(run->out.substr(at, run->out.find(" (", at) - at));
    }
    return found;
}

std::optional<fs::path> first_of(std::initializer_list<const char*> places) {
    for (const char* place : places) {
        std::error_code error;
        if (fs::exists(place, error)) {
            return place;
        }
    }
    return std::nullopt;
}

using Wanted = std::vector<std::pair<fs::path, fs::path>>;  // in the guest, here

void want_with_libraries(Wanted& wanted, const fs::path& program) {
    wanted.emplace_back(program, program);
    for (const fs::path& library : libraries_of(program)) {
        wanted.emplace_back(library, library);
    }
}

/// rsyslogd and what it loads; false: it is not installed, or not all of it.
bool want_rsyslogd(Wanted& wanted) {
    const fs::path program = "/usr/sbin/rsyslogd";
    std::error_code error;
    const auto plugins = first_of({"/usr/lib/x86_64-linux-gnu/rsyslog", "/usr/lib/rsyslog"});
    if (!fs::exists(program, error) || !plugins) {
        return false;
    }
    for (const char* name : {"imklog.so", "imuxsock.so", "lmnet.so"}) {
        if (!fs::exists(*plugins / name, error)) {
            return false;
        }
    }
    want_with_libraries(wanted, program);
    for (const char* name : {"imklog.so", "imuxsock.so", "lmnet.so"}) {
        want_with_libraries(wanted, *plugins / name);
    }
    return true;
}

process::Result<std::string> want_log_daemon(Wanted& wanted) {
    if (want_rsyslogd(wanted)) {
        return "rsyslogd";
    }
    const auto busybox = first_of({"/bin/busybox", "/usr/bin/busybox"});
    if (!busybox) {
        return process::machine_lacks("there is no log daemon for the guest (rsyslogd or busybox)",
                                      "scripts/setup --vm installs busybox-static");
    }
    wanted.emplace_back("/bin/busybox", *busybox);
    for (const fs::path& library : libraries_of(*busybox)) {
        wanted.emplace_back(library, library);
    }
    return "busybox syslogd";
}

std::string description_of(const fs::path& file) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0) {
        return fmt::format("{} is gone\n", file.string());
    }
    return fmt::format("{} {} {}.{}\n", file.string(), facts.st_size, facts.st_mtim.tv_sec,
                       facts.st_mtim.tv_nsec);
}

std::string fingerprint_of(const ImagePlan& plan) {
    std::string text = fmt::format("layout {}\n{}\nmodules {}\n", layout, plan.log_daemon,
                                   plan.kernel.modules.empty() ? "" : description_of(plan.kernel.modules));
    text += description_of(plan.kernel.image);
    for (const ImagePlan::File& file : plan.files) {
        text += fmt::format("{} {:o} ", file.in_guest.string(), file.mode) + description_of(file.here);
    }
    return text;
}

process::Result<void> add_modules(Cpio& archive, const Kernel& kernel) {
    if (kernel.modules.empty()) {
        return {};
    }
    // zram, with what it compresses by: for swap, which few runs ask for.
    const auto modules = modules_for(kernel.modules, {"virtio_pci", "virtio_blk", "virtio_console", "ext4"},
                                     {"lzo", "lzo_rle", "zram"});
    if (!modules) {
        return tl::unexpected(modules.error());
    }
    int number = 0;
    for (const KernelModule& module : *modules) {
        archive.file(fmt::format("/modules/{:02}-{}.ko", number++, module.name), module.content);
    }
    return {};
}

process::Result<std::string> initramfs_of(const ImagePlan& plan) {
    Cpio archive;
    for (const char* path : {"/proc", "/sys", "/dev", "/run", "/var/log", "/etc"}) {
        archive.folder(path);
    }
    archive.folder("/tmp", 01777);
    archive.folder("/home/student", 0755);
    archive.character_device("/dev/console", 5, 1);
    archive.file("/etc/passwd", users);
    archive.file("/etc/group", groups);
    archive.file("/etc/rsyslog.conf", rsyslog_configuration);
    if (auto added = add_modules(archive, plan.kernel); !added) {
        return tl::unexpected(added.error());
    }
    for (const ImagePlan::File& file : plan.files) {
        const auto content = process::read_file(file.here, largest_file);
        if (!content) {
            return tl::unexpected(content.error());
        }
        archive.file(file.in_guest.string(), *content, file.mode);
    }
    return std::move(archive).finish();
}

process::Result<void> write_for_everyone(const fs::path& file, std::string_view content) {
    if (auto written = process::write_file_atomically(file, content); !written) {
        return written;
    }
    if (::chmod(file.c_str(), 0644) != 0) {
        return process::failed_call("chmod", file.string());
    }
    return {};
}

}  // namespace

process::Result<ImagePlan> plan_image(const Kernel& kernel, const fs::path& support) {
    Wanted wanted{{"/init", support / "vmlab-guest-init"}};
    for (const fs::path& library : libraries_of_programs()) {
        wanted.emplace_back(library, library);
    }
    auto log_daemon = want_log_daemon(wanted);
    if (!log_daemon) {
        return tl::unexpected(log_daemon.error());
    }
    std::sort(std::next(wanted.begin()), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());

    ImagePlan plan{.kernel = kernel, .files = {}, .log_daemon = std::move(*log_daemon), .fingerprint = {}};
    for (const auto& [in_guest, here] : wanted) {
        auto file = file_of(in_guest, here, 0755);
        if (!file) {
            return tl::unexpected(file.error());
        }
        plan.files.push_back(std::move(*file));
    }
    plan.fingerprint = fingerprint_of(plan);
    return plan;
}

process::Result<GuestFiles> write_image(const ImagePlan& plan, const fs::path& folder) {
    const auto kernel = bootable_image(plan.kernel.image);
    if (!kernel) {
        return tl::unexpected(kernel.error());
    }
    const auto initramfs = initramfs_of(plan);
    if (!initramfs) {
        return tl::unexpected(initramfs.error());
    }
    GuestFiles files{.kernel = folder / "kernel", .initramfs = folder / "initramfs"};
    for (const auto& [file, content] :
         {std::pair{&files.kernel, &*kernel}, {&files.initramfs, &*initramfs}}) {
        if (auto written = write_for_everyone(*file, *content); !written) {
            return tl::unexpected(written.error());
        }
    }
    return files;
}

}  // namespace vmlab::arena
