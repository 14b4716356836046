#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmlab/evidence/syscalls.hpp"

namespace oom_score {

/// Memory that the kernel added to the program's address space, or took out of it, by one system call.
struct Region {
    std::uint64_t start = 0;
    std::uint64_t bytes = 0;
    std::string row;  ///< strace's

    [[nodiscard]] bool contains(std::uint64_t address) const {
        return address >= start && address - start < bytes;
    }
    [[nodiscard]] bool overlaps(const Region& other) const {
        return contains(other.start) || other.contains(start);
    }
};

inline std::uint64_t argument(const vmlab::evidence::SystemCall& call, std::size_t position) {
    return position < call.arguments.size() ? std::strtoull(call.arguments[position].c_str(), nullptr, 0) : 0;
}

/// Where a chunk of memory can come from: writable anonymous mappings, grown mappings, and the heap that brk
/// moves.
class Growth {
  public:
    explicit Growth(const std::vector<vmlab::evidence::SystemCall>& calls) {
        std::uint64_t break_now = 0;
        for (std::size_t i = 0; i < calls.size(); ++i) {
            const auto& call = calls[i];
            // brk has no error: it answers with the end of the heap as it is.
            const bool too_little = call.name == "brk" && call.result &&
                                    static_cast<std::uint64_t>(*call.result) < argument(call, 0);
            if (!first_refusal_ && (call.error == "ENOMEM" || too_little)) {
                first_refusal_ = call.row;
            }
            if (call.failed() || !call.result) {
                continue;
            }
            const auto result = static_cast<std::uint64_t>(*call.result);
            if (call.name == "mmap" && writable_and_anonymous(call)) {
                gain(i, {result, argument(call, 1), call.row}, argument(call, 1));
            }
            if (call.name == "mremap" && argument(call, 2) > argument(call, 1)) {
                gain(i, {result, argument(call, 2), call.row}, argument(call, 2) - argument(call, 1));
            }
            if (call.name == "munmap" || gives_pages_back(call)) {
                lose(i, {argument(call, 0), argument(call, 1), call.row}, call.name == "madvise");
            }
            if (call.name == "brk") {
                if (break_now != 0 && result > break_now) {
                    gain(i, {break_now, result - break_now, call.row}, result - break_now);
                }
                if (result < break_now) {
                    lose(i, {result, break_now - result, call.row});
                }
                break_now = result;
            }
        }
    }

    /// What was gained by calls from position `from` up to, and without, `to`, that holds the address.
    [[nodiscard]] std::optional<Region> gained(std::uint64_t address, std::size_t from,
                                               std::size_t to) const {
        for (const auto& [call, region] : gained_) {
            if (call >= from && call < to && region.contains(address)) {
                return region;
            }
        }
        return std::nullopt;
    }
    /// The first gain of at least so many bytes at once before the call at position `to`.
    [[nodiscard]] std::optional<Region> gained_at_once(std::uint64_t bytes, std::size_t to) const {
        for (const auto& [call, region] : gained_) {
            if (call < to && region.bytes >= bytes) {
                return region;
            }
        }
        return std::nullopt;
    }
    /// strace's row of the first call that asked for memory and was refused it.
    [[nodiscard]] const std::optional<std::string>& first_refusal() const { return first_refusal_; }
    /// What was given back, from position `from` up to `to`, of that chunk.
    [[nodiscard]] std::optional<Region> lost(const Region& chunk, std::size_t from, std::size_t to) const {
        for (const auto& [call, region] : lost_) {
            if (call >= from && call < to && region.overlaps(chunk)) {
                return region;
            }
        }
        return std::nullopt;
    }

    /// By how many bytes the address space grew by calls from position `from` up to `to`, all in all.
    [[nodiscard]] std::int64_t net(std::size_t from, std::size_t to) const {
        std::int64_t sum = 0;
        for (const auto& [call, bytes] : net_) {
            if (call >= from && call < to) {
                sum += bytes;
            }
        }
        return sum;
    }

  private:
    struct Change {
        std::size_t call;
        Region region;
    };

    static bool writable_and_anonymous(const vmlab::evidence::SystemCall& call) {
        return call.arguments.size() >= 4 && call.arguments[2].find("PROT_WRITE") != std::string::npos &&
               call.arguments[3].find("MAP_ANON") != std::string::npos;
    }

    /// madvise(2): the address space stays, its pages go, at once or when somebody needs them.
    static bool gives_pages_back(const vmlab::evidence::SystemCall& call) {
        return call.name == "madvise" && call.arguments.size() >= 3 &&
               (call.arguments[2] == "MADV_DONTNEED" || call.arguments[2] == "MADV_FREE" ||
                call.arguments[2] == "MADV_REMOVE" || call.arguments[2] == "MADV_DONTNEED_LOCKED");
    }

    void gain(std::size_t call, Region region, std::uint64_t more) {
        gained_.push_back({call, std::move(region)});
        net_.emplace_back(call, static_cast<std::int64_t>(more));
    }
    void lose(std::size_t call, Region region, bool pages_only = false) {
        if (!pages_only) {
            net_.emplace_back(call, -static_cast<std::int64_t>(region.bytes));
        }
        lost_.push_back({call, std::move(region)});
    }

    std::vector<std::pair<std::size_t, std::int64_t>> net_;
    std::vector<Change> gained_;
    std::vector<Change> lost_;
    std::optional<std::string> first_refusal_;
};

}  // namespace oom_score
