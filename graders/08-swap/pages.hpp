#pragma once

// The numbered pages of another process, found from outside through /proc/PID/mem (proc(5)).

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "vmlab/evidence/procfs.hpp"
#include "vmlab/process/descriptor.hpp"

namespace paging {

constexpr std::uint64_t page = 4096;

class NumberedPages {
  public:
    explicit NumberedPages(pid_t pid)
        : pid_(pid), memory_(open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDONLY | O_CLOEXEC)) {}

    /// How many of the pages 0, 1, ... before `count` stand one behind the other, each with its number, in
    /// memory that is the process's own alone. Absent: that may not be read here.
    [[nodiscard]] std::optional<std::uint64_t> in_order(std::uint64_t count) const {
        const auto mappings = vmlab::evidence::read_mappings(pid_);
        if (!memory_ || !mappings) {
            return std::nullopt;
        }
        std::uint64_t most = 0;
        for (const auto& mapping : *mappings) {
            if (mapping.inode == 0 && mapping.permissions == "rw-p") {
                most = std::max(most, in_order(mapping, count));
            }
        }
        return most;
    }

  private:
    [[nodiscard]] std::optional<std::uint64_t> number_at(std::uint64_t address) const {
        std::uint64_t number = 0;
        return pread(memory_.get(), &number, sizeof number, static_cast<off_t>(address)) == sizeof number
                   ? std::optional(number)
                   : std::nullopt;
    }

    [[nodiscard]] std::uint64_t in_order(const vmlab::evidence::Mapping& mapping, std::uint64_t count) const {
        std::uint64_t most = 0;
        std::array<std::uint64_t, page / sizeof(std::uint64_t)> words{};
        for (std::uint64_t at = mapping.start; at + page < mapping.end; at += page) {
            if (pread(memory_.get(), words.data(), page, static_cast<off_t>(at)) !=
                static_cast<ssize_t>(page)) {
                continue;
            }
            for (std::size_t i = 0; i < words.size(); ++i) {
                // A block begins where a 1 has a 0 a page before it.
                const std::uint64_t address = at + i * sizeof(std::uint64_t);
                if (words[i] == 1 && address >= mapping.start + page && number_at(address - page) == 0) {
                    most = std::max(most, length_from(address - page, count));
                }
            }
        }
        return most;
    }

    [[nodiscard]] std::uint64_t length_from(std::uint64_t start, std::uint64_t count) const {
        std::uint64_t length = 0;
        while (length < count && number_at(start + length * page) == length) {
            ++length;
        }
        return length;
    }

    pid_t pid_;
    vmlab::process::Descriptor memory_;
};

}  // namespace paging
