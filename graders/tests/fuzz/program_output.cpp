#include "01-heap-growth/questions.hpp"
#include "02-leaks/questions.hpp"
#include "03-oom/oom_output.hpp"
#include "04-oom-score-adj/claims.hpp"
#include "05-free/rounds.hpp"
#include "targets.hpp"
#include "vmlab/evidence/native_blocks.hpp"
#include "vmlab/grading/output.hpp"

namespace vmlab::fuzz {

void program_output(std::string_view input) {
    const std::string text(input);
    process::Run run;
    run.out = text;
    const std::string direction = heap_growth::stated_direction(run);
    require(direction.empty() || direction == "up" || direction == "down", "a direction is up, down or none");
    const auto addresses = evidence::addresses_in(text);
    (void)heap_growth::course_of(addresses).shows("up");

    (void)leaks::line_of(text, 2);

    const std::uint64_t total = oom_output::last_total(text);
    for (const std::string& line : grading::lines_of(text)) {
        require(oom_output::progress(line).value_or(oom_output::Progress{}).total <= total,
                "the last total is the largest");
        (void)oom_output::bytes_after("reached", line);
    }
    (void)grading::last_line(text);

    const auto lines = grading::lines_of(text);
    const auto claims = oom_score::claims_in(lines);
    for (const oom_score::ChunkClaim& chunk : claims.chunks) {
        require(chunk.line < lines.size(), "a chunk is claimed on a line");
    }
    require(claims.chunks.size() <= lines.size(), "a line claims one chunk");

    const auto rounds = free_loop::rounds_in(text);
    require(2 * rounds.size() <= addresses.size(), "a round has two addresses");
    (void)free_loop::moves(rounds, &free_loop::Round::first, 2);

    const evidence::NativeBlocks blocks = evidence::native_blocks(text);
    for (const auto& [size, count] : blocks.never_freed()) {
        require(count <= blocks.taken(size), "what is kept was taken");
    }
}

}  // namespace vmlab::fuzz
