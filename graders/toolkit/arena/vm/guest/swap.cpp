#include "arena/vm/guest/swap.hpp"

#include <fcntl.h>
#include <sys/swap.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "arena/vm/guest/kernel_files.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::guest {
namespace {

constexpr const char* swap_device = "/dev/zram0";
constexpr const char* swap_settings = "/sys/block/zram0";
constexpr std::uint64_t swap_page = 4096;

/// The first page of a swap area (union swap_header, include/linux/swap.h): version and last page behind 1024
/// bytes for a boot block, the signature at the end.
process::Result<void> write_header(std::uint64_t bytes) {
    std::array<char, swap_page> page{};
    const std::uint32_t version = 1;
    const auto last_page = static_cast<std::uint32_t>(bytes / swap_page - 1);
    constexpr std::string_view signature = "SWAPSPACE2";
    std::memcpy(page.data() + 1024, &version, sizeof version);
    std::memcpy(page.data() + 1028, &last_page, sizeof last_page);
    std::copy(signature.begin(), signature.end(), page.end() - signature.size());
    const process::Descriptor file(::open(swap_device, O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), page.data(), page.size()) != static_cast<ssize_t>(page.size()) ||
        ::fsync(file.get()) != 0) {
        return process::failed_call("write", swap_device);
    }
    return {};
}

}  // namespace

process::Result<void> add_swap(std::uint64_t bytes) {
    bytes = std::max(bytes / swap_page, std::uint64_t{16}) * swap_page;
    if (!write_to(std::string(swap_settings) + "/disksize", std::to_string(bytes))) {
        return process::machine_lacks("its kernel has no zram, which the swap would be on", "");
    }
    if (auto written = write_header(bytes); !written) {
        return written;
    }
    (void)write_to("/proc/sys/vm/page-cluster", "0");
    if (::swapon(swap_device, 0) != 0) {
        return process::failed_call("swapon", swap_device);
    }
    return {};
}

}  // namespace vmlab::guest
