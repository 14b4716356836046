// Grader of activity 4: is every page of every chunk in memory?
//
// Once as a sum that the kernel keeps (RssAnon of one large chunk), and once page by page: an allocator of
// ours is preloaded whose blocks begin with a page and show in /proc/PID/maps which of their pages were
// written to. A chunk that does not come from such a block (mmap, a block that grows) is looked up in
// /proc/PID/pagemap. Writes beyond a chunk are seen by Memcheck.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "claims.hpp"
#include "runs.hpp"
#include "vmlab/evidence/memory_use.hpp"
#include "vmlab/evidence/shown_blocks.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/process/files.hpp"

namespace {

using namespace oom_score;

constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t chunk_bytes = 3 * mebibyte;
constexpr std::size_t chunks_looked_at = 3;
const Experiment three_chunks = run_with({"--chunk-mb", "3", "--pause", "1"});
const Experiment adjusted_by_7 =
    run_with({"--adj", "7", "--chunk-mb", "1", "--limit-mb", "24", "--pause", "0"});

/// A chunk that the program reported, and which of its pages are in memory: none is known of one that was
/// moved meanwhile, as realloc(3) may do.
struct Chunk {
    ChunkClaim claim;
    std::vector<bool> pages;
};

/// Whether all of a chunk's addresses are in use.
bool is_mapped(const std::vector<evidence::Mapping>& mappings, std::uint64_t address) {
    const std::uint64_t end = address + chunk_bytes;
    for (const evidence::Mapping& mapping : mappings) {
        if (mapping.contains(address)) {
            address = mapping.end;
        }
    }
    return address >= end;
}

struct Looked {
    Asleep asleep;
    std::vector<Chunk> chunks;
    bool any_moved = false;
    std::optional<process::Error> error;
};

/// The pages that lie in the chunk as a whole: at its ends there may be something else.
process::Result<std::vector<bool>> whole_pages(pid_t pid, std::uint64_t address) {
    const std::uint64_t first = (address + page_bytes - 1) / page_bytes * page_bytes;
    const std::uint64_t end = (address + chunk_bytes) / page_bytes * page_bytes;
    return evidence::pages_that_exist(pid, first, end - first);
}

/// The program is let go on from line to line, and looked at when it sleeps after the last of them.
Shared<Looked> page_by_page{[](Lab& lab) {
    Looked looked;
    grading::NativeOptions how;
    how.preload = grading::Preload::shows_writes;
    how.shown_sizes = {chunk_bytes};
    std::string out;
    Experiment experiment = three_chunks;
    experiment.limits.wall = 10s;
    const auto is_time = [&out](std::string_view so_far) {
        out = so_far.substr(0, so_far.rfind('\n') + 1);
        return claims_of(out).chunks.size() >= chunks_looked_at;
    };
    const auto look = [&](pid_t pid) {
        const auto mappings = evidence::read_mappings(pid);
        for (const ChunkClaim& claim : claims_of(out).chunks) {
            Chunk chunk{.claim = claim, .pages = {}};
            if (mappings) {
                looked.any_moved = looked.any_moved || !is_mapped(*mappings, claim.address);
                const auto blocks = evidence::shown_blocks(*mappings, claim.address);
                const auto shown = std::ranges::find(blocks, claim.address, &evidence::ShownBlock::address);
                chunk.pages = shown == blocks.end() ? std::vector<bool>() : shown->written;
            }
            if (chunk.pages.empty() && mappings && is_mapped(*mappings, claim.address)) {
                auto pages = whole_pages(pid, claim.address);
                if (!pages) {
                    looked.error = pages.error();
                    return;
                }
                chunk.pages = std::move(*pages);
            }
            looked.chunks.push_back(std::move(chunk));
        }
    };
    looked.asleep = experiment.asleep(lab, is_time, how, look);
    return looked;
}};

/// Chunk after chunk, so that a program which grows tired is found out.
const Experiment thirty_chunks = run_with({"--chunk-mb", "4", "--limit-mb", "120", "--pause", "0"});
Shared<process::Run> to_the_limit{[](Lab& lab) { return hastily(lab, thirty_chunks); }};

Shared<evidence::MemcheckRun> in_memcheck{[](Lab& lab) { return adjusted_by_7.memcheck(lab); }};

/// Memory that was asked for and written to is anonymous; kernels before 4.5 only tell the resident set as a
/// whole. What the machine has swapped out is in use all the same.
std::uint64_t resident_of(const evidence::ProcessSample& sample) {
    return sample.swap_bytes + (sample.anonymous_bytes != 0 ? sample.anonymous_bytes : sample.resident_bytes);
}

void expect_large_chunk_resident() {
    const Asleep& seen = grown.get();
    if (seen.sample && resident_of(*seen.sample) >= 64 * mebibyte) {
        return;
    }
    Card card{
        .expected = "at least 65536 kB of memory in use when the first chunk has been reported",
        .observed = "no line \"ADDRESS TOTAL MB\" while the program ran: " + seen.run.describe(),
        .evidence = fmt::format("$ {}\n{}", one_large_chunk.command(), stdout_of(seen.run)),
        .next = build_and_run(one_large_chunk) + " & sleep 1; grep -E 'VmSize|RssAnon' /proc/$!/status",
    };
    if (seen.sample) {
        const std::uint64_t resident = resident_of(*seen.sample) / 1024;
        card.observed = fmt::format("{} kB", resident);
        card.evidence =
            fmt::format("$ {}\n/proc/PID/status, read from outside: RssAnon: {} kB, VmSize: {} kB",
                        one_large_chunk.command(), resident, seen.sample->virtual_bytes / 1024);
    }
    fail(card);
}

void expect_every_page() {
    const Looked& looked = page_by_page.get();
    if (looked.error) {
        grading::cannot_judge(looked.error->what, "grade as the user who owns the sandbox, or as root");
    }
    const std::string next =
        build_and_run(three_chunks) + " & sleep 4; grep -E 'VmSize|RssAnon' /proc/$!/status; kill $!";
    if (looked.chunks.size() < chunks_looked_at) {
        const process::Run& run = looked.asleep.run;
        Card card{
            .expected = fmt::format("{} lines \"ADDRESS TOTAL MB\", each followed by a sleep of a second",
                                    chunks_looked_at),
            .observed = fmt::format("{} such lines, and no sleep after them; {}",
                                    claims_of(run.out).chunks.size(), run.describe()),
            .evidence = fmt::format("$ {}\n{}", three_chunks.command(), stdout_of(run)),
            .next = next,
        };
        if (run.ending == process::Ending::timed_out) {
            fail(card);
        }
        fail_run(run, three_chunks.doing(), card);
    }
    const std::uint64_t resident = looked.asleep.sample ? resident_of(*looked.asleep.sample) : 0;
    if (looked.asleep.sample && resident < chunks_looked_at * chunk_bytes) {
        fail({
            .expected = fmt::format("at least {} kB of memory in use after line {}",
                                    chunks_looked_at * chunk_bytes / 1024, chunks_looked_at),
            .observed = fmt::format("{} kB{}", resident / 1024,
                                    looked.any_moved ? ", and not every chunk is where its line says" : ""),
            .evidence =
                fmt::format("$ {}\n/proc/PID/status and maps, read from outside", three_chunks.command()),
            .next = next,
        });
    }
    for (std::size_t i = 0; i < looked.chunks.size(); ++i) {
        const std::vector<bool>& pages = looked.chunks[i].pages;
        const auto missing = std::ranges::find(pages, false);
        if (missing == pages.end()) {
            continue;
        }
        fail({
            .expected =
                fmt::format("every one of the {} pages of each chunk has been written to", pages.size()),
            .observed = fmt::format("of chunk {}, {} pages; the first one left out is page {}", i + 1,
                                    std::ranges::count(pages, true), missing - pages.begin() + 1),
            .evidence =
                fmt::format("$ {}\n/proc/PID/maps and pagemap, read from outside after line {}: the chunk "
                            "at {:#x}",
                            three_chunks.command(), chunks_looked_at, looked.chunks[i].claim.address),
            .next = next,
        });
    }
}

/// Whether what a process touched may be elsewhere than in memory.
bool machine_swaps() {
    const auto swaps = process::read_kernel_file("/proc/swaps");
    return !swaps || std::ranges::count(*swaps, '\n') > 1;  // the first row is a heading
}

/// The kernel keeps how much of a process was in memory at most.
void expect_all_chunks_resident() {
    const process::Run& run = to_the_limit.get();
    constexpr std::uint64_t due = 120 * mebibyte;
    if (run.succeeded() &&
        (run.most_resident_bytes >= due || run.most_resident_bytes == 0 || machine_swaps())) {
        return;
    }
    fail_run(
        run, thirty_chunks.doing(),
        {
            .expected = fmt::format("at least {} kB in memory when all chunks have been touched", due / 1024),
            .observed = fmt::format("never more than {} kB", run.most_resident_bytes / 1024),
            .evidence = fmt::format("$ {}\nru_maxrss of the program, as getrusage(2) tells it",
                                    thirty_chunks.command()),
            .next = build_and_run(run_with({"--chunk-mb", "4", "--pause", "1"})) +
                    " & sleep 15; grep -E 'VmSize|RssAnon' /proc/$!/status; kill $!",
        });
}

TEST(OomScore, TouchesEveryPageItCounts) {
    expect_large_chunk_resident();
    expect_every_page();
    expect_all_chunks_resident();
    expect_memory_respected(adjusted_by_7, in_memcheck.get());
}

}  // namespace
