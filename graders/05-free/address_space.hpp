#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "vmlab/evidence/syscalls.hpp"

namespace free_loop {

/// A number among a system call's arguments; 0 when there is none.
inline std::uint64_t argument(const vmlab::evidence::SystemCall& call, std::size_t position) {
    return position < call.arguments.size() ? std::strtoull(call.arguments[position].c_str(), nullptr, 0) : 0;
}

inline bool argument_holds(const vmlab::evidence::SystemCall& call, std::size_t position,
                           const std::string& word) {
    return position < call.arguments.size() && call.arguments[position].find(word) != std::string::npos;
}

/// How much memory of its own that may be written to (the heap and anonymous mappings, touched or not) a
/// program holds, call by call: what the kernel shows as VmData. Mapped files do not count, nor does what is
/// only reserved, as malloc does for each thread.
class AddressSpace {
  public:
    explicit AddressSpace(const std::vector<vmlab::evidence::SystemCall>& calls) {
        for (const auto& call : calls) {
            const std::int64_t before = held();
            if (!call.failed() && call.result) {
                note(call);
            }
            held_.push_back(held());
            gains_.push_back(held() > before);
            most_ = std::max(most_, held());
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
    struct Mapping {
        std::uint64_t end = 0;
        bool writable = false;
    };
    using Mappings = std::map<std::uint64_t, Mapping>;  ///< anonymous ones, by where they begin

    [[nodiscard]] std::int64_t held() const { return mapped_ + heap_; }

    void note(const vmlab::evidence::SystemCall& call) {
        const auto result = static_cast<std::uint64_t>(*call.result);
        if (call.name == "mmap") {
            (void)cut(result, argument(call, 1));
            if (argument_holds(call, 3, "MAP_ANONYMOUS")) {
                put(result, result + whole_pages(argument(call, 1)), argument_holds(call, 2, "PROT_WRITE"));
            }
        } else if (call.name == "munmap") {
            (void)cut(argument(call, 0), argument(call, 1));
        } else if (call.name == "mremap") {
            const Mappings old = cut(argument(call, 0), argument(call, 1));
            if (!old.empty()) {
                put(result, result + whole_pages(argument(call, 2)), old.begin()->second.writable);
            }
        } else if (call.name == "mprotect") {
            for (const auto& [start, mapping] : cut(argument(call, 0), argument(call, 1))) {
                put(start, mapping.end, argument_holds(call, 2, "PROT_WRITE"));
            }
        } else if (call.name == "brk") {
            heap_ += program_break_ == 0 ? 0 : *call.result - program_break_;
            program_break_ = *call.result;
        }
    }

    static std::uint64_t whole_pages(std::uint64_t bytes) { return (bytes + 4095) / 4096 * 4096; }

    void put(std::uint64_t start, std::uint64_t end, bool writable) {
        mappings_[start] = {end, writable};
        mapped_ += writable ? static_cast<std::int64_t>(end - start) : 0;
    }

    /// Takes so many bytes from `start` on out of the mappings, and returns what lay there.
    Mappings cut(std::uint64_t start, std::uint64_t bytes) {
        const std::uint64_t end = start + whole_pages(bytes);
        Mappings taken;
        auto each = mappings_.upper_bound(start);
        each = each == mappings_.begin() ? each : std::prev(each);
        while (each != mappings_.end() && each->first < end) {
            const auto [from, mapping] = *each;
            if (mapping.end <= start) {
                ++each;
                continue;
            }
            each = mappings_.erase(each);
            mapped_ -= mapping.writable ? static_cast<std::int64_t>(mapping.end - from) : 0;
            taken[std::max(from, start)] = {std::min(mapping.end, end), mapping.writable};
            if (from < start) {
                put(from, start, mapping.writable);
            }
            if (mapping.end > end) {
                put(end, mapping.end, mapping.writable);
            }
        }
        return taken;
    }

    Mappings mappings_;
    std::int64_t mapped_ = 0;
    std::int64_t heap_ = 0;
    std::int64_t program_break_ = 0;
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
