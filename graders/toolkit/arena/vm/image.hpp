#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "arena/vm/kernel.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// What the VM arena's guest boots from, before anything of it is made.
struct ImagePlan {
    /// A file of this machine that is put into the guest.
    struct File {
        std::filesystem::path in_guest;
        std::filesystem::path here;
        unsigned mode = 0644;
    };
    Kernel kernel;
    std::vector<File> files;  ///< the init, the shared libraries, the log daemon
    std::string log_daemon;   ///< "rsyslogd" or "busybox syslogd": the one that this machine has
    /// Tells, with the content of what goes in (sizes and times of the files, our own constants), whether two
    /// images are the same.
    std::string fingerprint;
};

/// Finds what goes in; writes nothing and is cheap. `support` is the folder of our helper files
/// (vmlab-guest-init). machine_lacks: there is no log daemon, or a shared library is missing.
[[nodiscard]] process::Result<ImagePlan> plan_image(const Kernel& kernel,
                                                    const std::filesystem::path& support);

struct GuestFiles {
    std::filesystem::path kernel;
    std::filesystem::path initramfs;
};

/// Writes folder/kernel and folder/initramfs (uncompressed), readable by everyone. machine_lacks: the kernel
/// has no driver that the guest needs, or no tool unpacks its modules.
[[nodiscard]] process::Result<GuestFiles> write_image(const ImagePlan& plan,
                                                      const std::filesystem::path& folder);

}  // namespace vmlab::arena
