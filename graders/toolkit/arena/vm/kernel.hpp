#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// A Linux kernel that the VM arena can boot.
struct Kernel {
    std::filesystem::path image;    ///< a vmlinuz (bzImage) or a vmlinux (ELF)
    std::filesystem::path modules;  ///< its lib/modules/RELEASE; empty: everything needed is built in
    std::string release;            ///< uname -r, as its files tell it
};

/// The kernel that VMLAB_KERNEL names (and VMLAB_KERNEL_MODULES, its modules' folder), else the newest one
/// that `scripts/setup --vm` has unpacked in kernel_folder(). machine_lacks: there is none, or it is
/// unreadable.
[[nodiscard]] process::Result<Kernel> find_kernel();

/// ${XDG_CACHE_HOME:-~/.cache}/vmlab/vm/kernel: the unpacked packages (boot/vmlinuz-RELEASE, and
/// lib/modules/RELEASE or usr/lib/modules/RELEASE).
[[nodiscard]] std::filesystem::path kernel_folder();

/// The newest kernel below a folder of that form. machine_lacks: there is none.
[[nodiscard]] process::Result<Kernel> newest_kernel(const std::filesystem::path& folder);

/// What QEMU boots fastest: the vmlinux (ELF, with an entry for PVH) inside a bzImage, where the tool that
/// takes it out (lz4, zstd, xz or gzip) is installed; else the image itself, which boots as well. An Error:
/// the file is not a kernel of x86, or cannot be read.
[[nodiscard]] process::Result<std::string> bootable_image(const std::filesystem::path& image);

}  // namespace vmlab::arena
