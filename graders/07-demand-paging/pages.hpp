#pragma once

// The pages of another process, reached from outside through /proc/PID/mem (proc(5)). Where that is not
// allowed, nothing is known. Not by process_vm_readv(2): that pins pages, and what fork left in common is
// copied for it.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmlab/process/descriptor.hpp"

namespace faults {

constexpr std::uint64_t page = 4096;

inline vmlab::process::Descriptor memory_of(pid_t pid) {
    return vmlab::process::Descriptor(open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDWR | O_CLOEXEC));
}

/// The first byte of each page.
inline std::optional<std::vector<char>> first_bytes(pid_t pid, std::uint64_t start, std::uint64_t pages) {
    const auto memory = memory_of(pid);
    std::vector<char> bytes(pages);
    for (std::uint64_t i = 0; i < pages; ++i) {
        if (pread(memory.get(), &bytes[i], 1, static_cast<off_t>(start + i * page)) != 1) {
            return std::nullopt;
        }
    }
    return bytes;
}

/// Touches the first pages of a region: by a read (the zero page is mapped then), or by writing a 0.
inline bool bring_pages(pid_t pid, std::uint64_t start, std::uint64_t pages, bool by_reading) {
    if (by_reading) {
        return first_bytes(pid, start, pages).has_value();
    }
    const auto memory = memory_of(pid);
    const char zero = 0;
    for (std::uint64_t i = 0; i < pages; ++i) {
        if (pwrite(memory.get(), &zero, 1, static_cast<off_t>(start + i * page)) != 1) {
            return false;
        }
    }
    return true;
}

}  // namespace faults
