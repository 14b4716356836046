#include "arena/vm/guest/input.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "arena/vm/guest/kernel_files.hpp"
#include "arena/vm/guest/machine.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::guest {
namespace {

namespace fs = std::filesystem;

constexpr const char* mount_point = "/run/input";
constexpr std::size_t block = 4096;
constexpr std::size_t largest_order = 16U << 20U;
constexpr long poll_ms = 5;

bool holds_ext4(const unsigned char* first_block) {
    // The superblock begins at 1024, its s_magic is at 0x38 (Documentation/filesystems/ext4/super.rst).
    constexpr std::size_t magic = 1024 + 0x38;
    return first_block[magic] == 0x53 && first_block[magic + 1] == 0xef;
}

process::Result<void> copy_regular(const fs::path& from, const fs::path& to) {
    const process::Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts {};
    if (!source || ::fstat(source.get(), &facts) != 0) {
        return process::failed_call("open", from.string());
    }
    // A library of ours that is in use, or a link, makes way: it is not written to.
    (void)::unlink(to.c_str());
    const mode_t mode = (facts.st_mode & 0111U) != 0 ? 0755 : 0644;
    const process::Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!target) {
        return process::failed_call("open", to.string());
    }
    for (off_t copied = 0; copied < facts.st_size;) {
        const ssize_t piece =
            ::sendfile(target.get(), source.get(), &copied, static_cast<std::size_t>(facts.st_size - copied));
        if (piece <= 0) {
            return process::failed_call("copy", to.string());
        }
    }
    return {};
}

process::Result<void> copy_tree(const fs::path& tree) {
    std::error_code error;
    if (!fs::exists(tree, error)) {
        return {};
    }
    for (fs::recursive_directory_iterator entry(tree, error), end; !error && entry != end;
         entry.increment(error)) {
        const fs::path to = "/" / entry->path().lexically_relative(tree);
        if (entry->is_symlink(error)) {
            (void)::unlink(to.c_str());
            fs::copy_symlink(entry->path(), to, error);
        } else if (entry->is_directory(error)) {
            fs::create_directories(to, error);
        } else if (entry->is_regular_file(error)) {
            if (auto copied = copy_regular(entry->path(), to); !copied) {
                return copied;
            }
        }
        if (error) {
            break;
        }
    }
    if (error) {
        return process::failed("copy the files of the order: " + error.message());
    }
    return {};
}

}  // namespace

process::Result<void> wait_for_input() {
    // Past the page cache, which would go on to show the empty disk.
    const process::Descriptor device(::open(disk, O_RDONLY | O_DIRECT | O_CLOEXEC));
    if (!device) {
        return process::failed_call("open", disk);
    }
    alignas(block) static unsigned char first[block];
    for (;; sleep_ms(poll_ms)) {
        if (::pread(device.get(), first, sizeof first, 0) == sizeof first && holds_ext4(first)) {
            break;
        }
    }
    (void)::ioctl(device.get(), BLKFLSBUF, 0);
    return {};
}

process::Result<arena::wire::Order> take_input() {
    (void)::mkdir(mount_point, 0700);
    if (::mount(disk, mount_point, "ext4", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "noload") != 0) {
        return process::failed_call("mount", disk);
    }
    auto order = arena::wire::decode_order(read_whole(std::string(mount_point) + "/order", largest_order));
    const auto copied = copy_tree(fs::path(mount_point) / "files");
    (void)::umount2(mount_point, MNT_DETACH);
    if (!copied) {
        return tl::unexpected(copied.error());
    }
    return order;
}

}  // namespace vmlab::guest
