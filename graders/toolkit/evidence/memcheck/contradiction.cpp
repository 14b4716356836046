#include <fmt/format.h>

#include "vmlab/evidence/memcheck.hpp"

namespace vmlab::evidence {

// Honest code cannot make the two differ: the trace is written by the replaced malloc, the report by the leak
// check at the end, and --show-leak-kinds=all lists every block that is left. What differs by design:
// Valgrind's default suppressions hide the thread-local storage of libraries that were loaded with dlopen,
// which no program of this lab does.
std::optional<std::string> contradiction(const AllocationTrace& trace, const MemcheckReport& report) {
    if (!report.complete || trace.torn_rows > 0) {
        return std::nullopt;
    }
    std::uint64_t traced_blocks = 0;
    std::uint64_t traced_bytes = 0;
    for (const Block& block : trace.blocks()) {
        if (!block.freed_at) {
            ++traced_blocks;
            traced_bytes += block.size;
        }
    }
    std::uint64_t reported_blocks = 0;
    std::uint64_t reported_bytes = 0;
    for (const Leak& leak : report.leaks) {
        reported_blocks += leak.blocks;
        reported_bytes += leak.bytes;
    }
    if (traced_blocks == reported_blocks && traced_bytes == reported_bytes) {
        return std::nullopt;
    }
    return fmt::format(
        "the allocation trace leaves {} blocks ({} bytes) unfreed, the leak report knows of {} ({} bytes)",
        traced_blocks, traced_bytes, reported_blocks, reported_bytes);
}

}  // namespace vmlab::evidence
