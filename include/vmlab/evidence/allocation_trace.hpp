#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab::evidence {

/// One call of an allocation function, as Valgrind's --trace-malloc=yes saw it.
struct AllocationCall {
    std::string function;      ///< malloc, calloc, realloc, free, _Znwm (operator new), _ZdlPv, memalign, ...
    std::uint64_t size = 0;    ///< bytes asked for (calloc: count times size); 0 for a deallocation
    std::uint64_t freed = 0;   ///< address given back by free, delete or realloc; 0 when none
    std::uint64_t result = 0;  ///< address returned; 0 for a deallocation or for NULL
    std::string row;           ///< the trace's own text, for a failure card

    [[nodiscard]] bool allocates() const { return result != 0; }
    [[nodiscard]] bool deallocates() const { return freed != 0; }
};

/// A block's life: when it was allocated and when it was given back, as positions in AllocationTrace::calls.
struct Block {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::string function;
    std::size_t allocated_at = 0;
    std::optional<std::size_t> freed_at;
};

/// Every allocation call of one process, in order, the libraries' own calls included (free(NULL) too).
struct AllocationTrace {
    std::vector<AllocationCall> calls;
    /// Rows that look like a call but are not whole: the process died in the middle of one, or two threads
    /// wrote at once. When there is one, a block may be missing from the trace.
    std::size_t torn_rows = 0;

    /// Every block that was ever allocated, in order of allocation.
    [[nodiscard]] std::vector<Block> blocks() const;
    /// Those of exactly that size.
    [[nodiscard]] std::vector<Block> blocks_of_size(std::uint64_t bytes) const;
};

/// Reads the log of --trace-malloc=yes, keeping the process `pid` (0: the one that wrote the first row). Rows
/// that are no allocation calls are passed over.
[[nodiscard]] AllocationTrace parse_allocation_trace(std::string_view log, int pid = 0);

/// The rows of such a log that are Valgrind's own remarks on the process (a stack overflow, why it gave up),
/// without their "==PID==" mark.
[[nodiscard]] std::string remarks_in(std::string_view log, int pid = 0);

/// Every "0x…" address in a text, in order: what a program printed. A number that needs more than 64 bits is
/// passed over.
[[nodiscard]] std::vector<std::uint64_t> addresses_in(std::string_view text);

}  // namespace vmlab::evidence
