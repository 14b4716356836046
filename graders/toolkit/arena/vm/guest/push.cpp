#include "arena/vm/guest/push.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <vector>

#include "arena/vm/guest/kernel_files.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::guest {
namespace {

constexpr std::uint64_t stride = 4096;
constexpr std::size_t most_maps_bytes = 1U << 20U;

struct Range {
    unsigned long start = 0;
    unsigned long end = 0;
};

/// Memory that is private, may be written to, and is no file's.
std::vector<Range> own_ranges(pid_t pid) {
    const std::string maps = read_whole(fmt::format("/proc/{}/maps", pid), most_maps_bytes);
    std::vector<Range> ranges;
    for (std::size_t row = 0; row < maps.size(); row = std::min(maps.find('\n', row), maps.size() - 1) + 1) {
        Range range;
        char rights[5] = {};
        unsigned long inode = 0;
        if (std::sscanf(maps.c_str() + row, "%lx-%lx %4s %*x %*x:%*x %lu", &range.start, &range.end, rights,
                        &inode) == 4 &&
            std::strcmp(rights, "rw-p") == 0 && inode == 0) {
            ranges.push_back(range);
        }
    }
    return ranges;
}

bool holds(int memory, std::uint64_t address, std::uint64_t number) {
    std::uint64_t found = 0;
    return ::pread(memory, &found, sizeof found, static_cast<off_t>(address)) == sizeof found &&
           found == number;
}

bool spoil(int memory, std::uint64_t address, std::uint64_t number) {
    const std::uint64_t spoiled = number ^ (std::uint64_t{1} << 20U);
    return ::pwrite(memory, &spoiled, sizeof spoiled, static_cast<off_t>(address)) == sizeof spoiled;
}

}  // namespace

void reclaim_memory(const std::string& cgroup) {
    // A write of less than it takes ends with EAGAIN, and has done what could be done.
    for (int tries = 0; tries < 3; ++tries) {
        (void)write_to(cgroup + "/memory.reclaim", read_whole(cgroup + "/memory.current"));
    }
    // Before Linux 5.19 there is no memory.reclaim; a lower memory.high reclaims what is above it at once.
    if (::access((cgroup + "/memory.reclaim").c_str(), F_OK) != 0) {
        (void)write_to(cgroup + "/memory.high", "0");
        (void)write_to(cgroup + "/memory.high", "max");
    }
}

std::uint64_t spoil_page(pid_t pid, std::uint64_t number) {
    const process::Descriptor memory(::open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDWR | O_CLOEXEC));
    std::uint64_t spoiled = 0;
    for (const Range& range : own_ranges(pid)) {
        std::array<std::uint64_t, stride / sizeof(std::uint64_t)> words{};
        for (std::uint64_t page = range.start; page < range.end; page += stride) {
            if (::pread(memory.get(), words.data(), stride, static_cast<off_t>(page)) !=
                static_cast<ssize_t>(stride)) {
                continue;
            }
            for (std::size_t i = 0; i < words.size(); ++i) {
                const std::uint64_t address = page + i * sizeof(std::uint64_t);
                if (words[i] == number && number > 0 && holds(memory.get(), address - stride, number - 1) &&
                    holds(memory.get(), address + stride, number + 1) &&
                    spoil(memory.get(), address, number)) {
                    ++spoiled;
                }
            }
        }
    }
    return spoiled;
}

}  // namespace vmlab::guest
