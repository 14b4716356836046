#include "vmlab/evidence/allocation_trace.hpp"

#include "targets.hpp"
#include "vmlab/evidence/memcheck.hpp"

namespace vmlab::fuzz {

void allocation_trace(std::string_view input) {
    const evidence::AllocationTrace trace = evidence::parse_allocation_trace(input);
    std::size_t allocations = 0;
    for (const evidence::AllocationCall& call : trace.calls) {
        allocations += call.allocates() ? 1 : 0;
        require(input.find(call.row) != std::string_view::npos, "a row is the trace's own text");
    }
    const auto blocks = trace.blocks();
    require(blocks.size() == allocations, "every allocation is a block");
    for (const evidence::Block& block : blocks) {
        require(block.allocated_at < trace.calls.size(), "a block is allocated by a call");
        require(trace.calls[block.allocated_at].result == block.address,
                "its address is what the call returned");
        if (block.freed_at) {
            require(*block.freed_at < trace.calls.size(), "a block is freed by a call");
            require(*block.freed_at > block.allocated_at, "it is freed after it was allocated");
            require(trace.calls[*block.freed_at].freed == block.address,
                    "its address is what was given back");
        }
    }
    (void)trace.blocks_of_size(4);
    (void)evidence::remarks_in(input);
    evidence::MemcheckReport report;
    report.complete = true;
    (void)evidence::contradiction(trace, report);
}

}  // namespace vmlab::fuzz
