#include "arena/vm/kernel.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>
#include <vector>

#include "arena/vm/unpack.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_image = 256U << 20U;
constexpr std::string_view prefix = "vmlinuz-";
constexpr const char* how_to_get = "scripts/setup --vm fetches one (it is unpacked, not installed)";

const char* environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

bool is_readable(const fs::path& file) {
    return ::access(file.c_str(), R_OK) == 0;
}

process::Result<Kernel> kernel_of_environment(const char* image) {
    Kernel kernel{.image = image, .modules = {}, .release = {}};
    if (!is_readable(kernel.image)) {
        return process::machine_lacks(
            fmt::format("VMLAB_KERNEL names {}, which cannot be read", kernel.image.string()),
            "name a readable vmlinuz, or unset VMLAB_KERNEL");
    }
    const std::string name = kernel.image.filename().string();
    kernel.release = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    if (const char* modules = environment("VMLAB_KERNEL_MODULES")) {
        kernel.modules = modules;
        if (!fs::is_directory(kernel.modules)) {
            return process::machine_lacks(
                fmt::format("VMLAB_KERNEL_MODULES names {}, which is no folder", kernel.modules.string()),
                "name the folder lib/modules/RELEASE of that kernel");
        }
        kernel.release = kernel.modules.filename().string();
    }
    return kernel;
}

/// Compares names as people count: 6.1.0-9 is older than 6.1.0-10.
bool is_older(const std::string& left, const std::string& right) {
    return ::strverscmp(left.c_str(), right.c_str()) < 0;
}

fs::path modules_of(const fs::path& folder, const std::string& release) {
    for (const char* place : {"lib/modules", "usr/lib/modules"}) {
        std::error_code error;
        if (fs::is_directory(folder / place / release, error)) {
            return folder / place / release;
        }
    }
    return {};
}

/// A number of the setup header (Documentation/arch/x86/boot.rst), which is little endian.
std::uint32_t number_at(std::string_view image, std::size_t offset) {
    std::uint32_t number = 0;
    std::memcpy(&number, image.data() + offset, sizeof number);
    return number;
}

/// The compressed vmlinux of a bzImage. Absent: this is no bzImage of boot protocol 2.08 or later.
std::optional<std::string_view> payload_of(std::string_view image) {
    constexpr std::size_t setup_sectors_at = 0x1f1;
    constexpr std::size_t magic_at = 0x202;
    constexpr std::size_t payload_offset_at = 0x248;
    constexpr std::size_t payload_length_at = 0x24c;
    constexpr std::size_t sector = 512;
    if (image.size() < payload_length_at + 4 || image.substr(magic_at, 4) != "HdrS") {
        return std::nullopt;
    }
    const auto said = static_cast<unsigned char>(image[setup_sectors_at]);
    const std::size_t protected_mode = (std::size_t{said == 0 ? 4U : said} + 1) * sector;
    const std::size_t begin = protected_mode + number_at(image, payload_offset_at);
    const std::size_t length = number_at(image, payload_length_at);
    if (begin > image.size() || length > image.size() - begin) {
        return std::nullopt;
    }
    return image.substr(begin, length);
}

constexpr std::string_view elf_magic(
    "\x7f"
    "ELF");

/// Absent: no tool for it is installed, or it is something else.
std::optional<std::string> vmlinux_in(std::string_view payload) {
    const Compression* compression = compression_of(payload);
    if (compression == nullptr) {
        return std::nullopt;
    }
    // The kernel's build puts the size behind the stream (scripts/Makefile.lib); gzip has its own there.
    if (compression->tool != "gzip") {
        payload.remove_suffix(std::min<std::size_t>(payload.size(), 4));
    }
    auto vmlinux = unpack(*compression, payload);
    if (!vmlinux || !vmlinux->starts_with(elf_magic)) {
        return std::nullopt;
    }
    return std::move(*vmlinux);
}

}  // namespace

fs::path kernel_folder() {
    if (const char* cache = environment("XDG_CACHE_HOME")) {
        return fs::path(cache) / "vmlab/vm/kernel";
    }
    const char* home = environment("HOME");
    return fs::path(home != nullptr ? home : "/") / ".cache/vmlab/vm/kernel";
}

process::Result<Kernel> newest_kernel(const fs::path& folder) {
    std::optional<std::string> newest;
    std::error_code error;
    for (fs::directory_iterator entry(folder / "boot", error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with(prefix) && (!newest || is_older(*newest, name.substr(prefix.size())))) {
            newest = name.substr(prefix.size());
        }
    }
    if (!newest) {
        return process::machine_lacks(fmt::format("there is no Linux kernel in {}", folder.string()),
                                      how_to_get);
    }
    Kernel kernel{.image = folder / "boot" / (std::string(prefix) + *newest),
                  .modules = modules_of(folder, *newest),
                  .release = *newest};
    if (!is_readable(kernel.image)) {
        return process::machine_lacks(fmt::format("{} cannot be read", kernel.image.string()), how_to_get);
    }
    return kernel;
}

process::Result<Kernel> find_kernel() {
    if (const char* image = environment("VMLAB_KERNEL")) {
        return kernel_of_environment(image);
    }
    return newest_kernel(kernel_folder());
}

process::Result<std::string> bootable_image(const fs::path& file) {
    auto image = process::read_file(file, largest_image);
    if (!image) {
        return image;
    }
    if (image->starts_with(elf_magic)) {
        return image;
    }
    const auto payload = payload_of(*image);
    if (!payload) {
        return process::machine_lacks(fmt::format("{} is no Linux kernel for x86-64", file.string()),
                                      how_to_get);
    }
    if (auto vmlinux = vmlinux_in(*payload)) {
        return std::move(*vmlinux);
    }
    return image;
}

}  // namespace vmlab::arena
