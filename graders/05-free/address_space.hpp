#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "vmlab/evidence/syscalls.hpp"

namespace free_loop {

/// A number among a system call's arguments; 0 when there is none.
inline std::uint64_t argument(const vmlab::evidence::SystemCall& call, std::size_t position) {
    return position < call.arguments.size() ? std::strtoull(call.arguments[position].c_str(), nullptr, 0) : 0;
}

/// How much memory of its own (heap and anonymous mappings) the kernel has added to a program's address
/// space. Files that are mapped, libraries above all, do not count.
class AddressSpace {
  public:
    explicit AddressSpace(const std::vector<vmlab::evidence::SystemCall>& calls) {
        std::int64_t held = 0;
        std::int64_t program_break = 0;
        for (const auto& call : calls) {
            const std::int64_t before = held;
            if (!call.failed() && call.result) {
                held += change(call, program_break);
            }
            held_.push_back(held);
            gains_.push_back(held > before);
            most_ = std::max(most_, held);
        }
    }

    /// Bytes held when the call at that position had returned.
    [[nodiscard]] std::int64_t held_after(std::size_t position) const { return held_[position]; }
    /// The most bytes that were ever held.
    [[nodiscard]] std::int64_t most() const { return most_; }
    /// The last call before `position` that added memory; `position` itself when there is none.
    [[nodiscard]] std::size_t last_gain_before(std::size_t position) const {
        for (std::size_t i = position; i > 0; --i) {
            if (gains_[i - 1]) {
                return i - 1;
            }
        }
        return position;
    }

  private:
    static std::int64_t change(const vmlab::evidence::SystemCall& call, std::int64_t& program_break) {
        const auto bytes = [&call](std::size_t position) {
            return static_cast<std::int64_t>(argument(call, position));
        };
        if (call.name == "mmap") {
            const bool anonymous =
                call.arguments.size() > 3 && call.arguments[3].find("MAP_ANONYMOUS") != std::string::npos;
            return anonymous ? bytes(1) : 0;
        }
        if (call.name == "munmap") {
            return -bytes(1);
        }
        if (call.name == "mremap") {
            return bytes(2) - bytes(1);
        }
        if (call.name == "brk") {
            const std::int64_t moved = program_break == 0 ? 0 : *call.result - program_break;
            program_break = *call.result;
            return moved;
        }
        return 0;
    }

    std::vector<std::int64_t> held_;  ///< by position of the call
    std::vector<bool> gains_;
    std::int64_t most_ = 0;
};

/// Whether the kernel got the memory at an address back by one of the calls from position `from` up to, and
/// without, `to`: a munmap that covers it, or a brk that moves the end of the heap below it.
inline bool given_back(const std::vector<vmlab::evidence::SystemCall>& calls, std::uint64_t address,
                       std::size_t from, std::size_t to) {
    std::uint64_t program_break = 0;
    for (std::size_t i = 0; i < to; ++i) {
        const auto& call = calls[i];
        if (call.failed() || !call.result) {
            continue;
        }
        bool covered = false;
        if (call.name == "munmap") {
            covered = address >= argument(call, 0) && address - argument(call, 0) < argument(call, 1);
        } else if (call.name == "brk") {
            const auto moved_to = static_cast<std::uint64_t>(*call.result);
            covered = moved_to <= address && address < program_break;
            program_break = moved_to;
        }
        if (covered && i >= from) {
            return true;
        }
    }
    return false;
}

}  // namespace free_loop
