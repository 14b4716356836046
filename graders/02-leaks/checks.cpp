// Grader of activity 2: find the leaks, then mend them.
//
// The right answers are written down nowhere. The program as it is given to students is built here three
// times (as it is, without -g, and with the one free() that answers.toml asks about), and a student's answers
// are compared with what Memcheck says of each.
//
// Then the mended program is judged, by Memcheck too:
//   - it still allocates what the starter allocates and loses: without that, "no leaks" says nothing;
//   - neither those blocks nor others are left at the end;
//   - nothing is freed that is not allocated, and nothing used that is free.
// Its report is compared with the starter's, once with memory to be had and once without.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "questions.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/process/files.hpp"

namespace {

using namespace leaks;
using namespace vmlab;
using evidence::MemcheckRun;
using grading::Card;
using grading::excerpt;
using grading::fail;
using grading::Lab;
using grading::lab;
using grading::Shared;

/// The program as it was given out: a student works in activities/02-leaks/leaks.cpp itself.
std::string starter_text(const Lab& lab) {
    return grading::value_or_verdict(process::read_file(lab.grader_folder() / "starter" / source_file));
}

MemcheckRun watch_starter(Lab& lab, bool debug_info) {
    grading::BuildOptions options;
    options.debug_info = debug_info;
    MemcheckRun run = lab.memcheck(lab.starter("leaks", options));
    if (!run.run.succeeded() || never_freed(run.trace).empty()) {
        grading::raise({process::ErrorKind::failed,
                        "the original program was not seen to leak: " + run.run.describe(),
                        "restore graders/02-leaks/starter/leaks.cpp"});
    }
    return run;
}

/// The starter holds one free() in a comment. Brings it to life; no line moves.
MemcheckRun watch_starter_with_one_free(Lab& lab) {
    const std::string_view comment = "// std::free(number);";
    std::string text = starter_text(lab);
    const std::size_t at = text.find(comment);
    if (at == std::string::npos || text.find(comment, at + 1) != std::string::npos) {
        grading::raise({process::ErrorKind::failed,
                        fmt::format("the starter does not hold \"{}\" exactly once", comment),
                        "restore graders/02-leaks/starter/leaks.cpp"});
    }
    text.erase(at, std::string_view("// ").size());
    return lab.memcheck(lab.build_text(std::string(source_file), text));
}

MemcheckRun watch_mended(Lab& lab) {
    MemcheckRun run = lab.memcheck(lab.program("leaks"));
    grading::expect_exit(run.run, "running leaks under Memcheck");
    return run;
}

/// `plain_new_too`: plain new gives NULL as well, which a real one never does.
process::Run run_without_memory(Lab& lab, std::size_t allocations_that_work, bool plain_new_too) {
    grading::NativeOptions options;
    options.preload = grading::Preload::malloc_fails;
    options.malloc_calls_that_work = static_cast<int>(allocations_that_work);
    if (plain_new_too) {
        options.environment["VMLAB_PLAIN_NEW_GIVES_NULL"] = "1";
    }
    return lab.native(lab.program("leaks"), options);
}

// Each run is made once and shared by the checks that need it.
Shared<MemcheckRun> starter{[](Lab& lab) { return watch_starter(lab, true); }};
Shared<MemcheckRun> starter_without_debug_info{[](Lab& lab) { return watch_starter(lab, false); }};
Shared<MemcheckRun> starter_with_one_free{watch_starter_with_one_free};
Shared<MemcheckRun> mended{watch_mended};
Shared<process::Run> plain{[](Lab& lab) { return lab.native(lab.program("leaks")); }};

const std::string build = "g++ -std=c++20 -g -O0 leaks.cpp -o leaks -lfmt";
const std::string show_leaks = build + " && valgrind --leak-check=full --show-leak-kinds=all ./leaks";
const std::string show_trace = build + " && valgrind -q --trace-malloc=yes ./leaks";
const std::string look_again = "../../scripts/lab reset 2 && " + show_leaks;

// ---- Part 1: an answer is compared with a live run, and the card never tells the right one ----

void expect_number(const std::string& table, const std::string& key, std::uint64_t measured, Card card) {
    const std::int64_t answer = lab().answers().integer(table, key);
    if (answer >= 0 && static_cast<std::uint64_t>(answer) == measured) {
        return;
    }
    card.observed = fmt::format("answers.toml, [{}]: {} = {}", table, key, answer);
    fail(std::move(card));
}

/// The card of a question that one line of the LEAK SUMMARY answers.
Card summary_card(LeakKind kind, std::string why) {
    return {.expected = fmt::format("the number in the line \"{}\" of the LEAK SUMMARY", name_of(kind)),
            .observed = "",
            .evidence =
                fmt::format("Memcheck on the original program:   {}: ... bytes in ... blocks", name_of(kind)),
            .why = std::move(why),
            .next = look_again};
}

TEST(Leaks, AnswersWhatIsDefinitelyLost) {
    const Card card =
        summary_card(LeakKind::definitely_lost,
                     "No pointer to these blocks was left. In the summary the dropped head of a list counts "
                     "here, and the nodes behind it in the next line. A loss record shows both together, so "
                     "whoever adds up the records counts the nodes twice.");
    const MemcheckReport& report = starter.get().report;
    expect_number("starter", "definitely_lost_bytes", report.bytes(LeakKind::definitely_lost), card);
    expect_number("starter", "definitely_lost_blocks", report.blocks(LeakKind::definitely_lost), card);
}

TEST(Leaks, AnswersWhatIsIndirectlyLost) {
    const Card card =
        summary_card(LeakKind::indirectly_lost,
                     "There are pointers to these blocks, but they stand in blocks that are lost themselves: "
                     "the nodes behind a list head that nobody knows any more.");
    const MemcheckReport& report = starter.get().report;
    expect_number("starter", "indirectly_lost_bytes", report.bytes(LeakKind::indirectly_lost), card);
}

TEST(Leaks, AnswersWhatIsPossiblyLost) {
    const Card card =
        summary_card(LeakKind::possibly_lost,
                     "Only an address in the middle of the block was left. Memcheck cannot know whether that "
                     "is a pointer kept on purpose or a number that happens to look like one.");
    const MemcheckReport& report = starter.get().report;
    expect_number("starter", "possibly_lost_bytes", report.bytes(LeakKind::possibly_lost), card);
}

TEST(Leaks, AnswersWhatIsStillReachable) {
    const Card card =
        summary_card(LeakKind::still_reachable,
                     "A pointer to the start of the block was there to the end, so the program could have "
                     "freed it at any time.");
    const MemcheckReport& report = starter.get().report;
    expect_number("starter", "still_reachable_bytes", report.bytes(LeakKind::still_reachable), card);
}

TEST(Leaks, AnswersWhichLinesAllocateThem) {
    const auto answer = lab().answers().integers("starter", "definitely_lost_lines");
    const std::set<std::int64_t> named(answer.begin(), answer.end());
    const std::set<std::int64_t> lost = lines_of(starter.get().report.leaks_of(LeakKind::definitely_lost));
    if (named == lost) {
        return;
    }
    Card card{
        .expected =
            "each line of the original leaks.cpp that allocates a definitely lost block, and no other",
        .observed = "every line that is named is right, but at least one is missing",
        .evidence =
            fmt::format("answers.toml, [starter]: definitely_lost_lines = [{}]", fmt::join(answer, ", ")),
        .why =
            "A loss record tells where a block was allocated, not where its address got lost. Its first row "
            "in leaks.cpp is the call of malloc; the rows below it only say who called that function. The "
            "numbers are those of the file as it was given to you.",
        .next = look_again,
    };
    const auto wrong =
        std::find_if(named.begin(), named.end(), [&lost](auto line) { return !lost.contains(line); });
    if (wrong != named.end()) {
        card.observed =
            fmt::format("line {} is named, but no definitely lost block comes from there", *wrong);
        card.evidence = fmt::format("leaks.cpp:{}: {}", *wrong, line_of(starter_text(lab()), *wrong));
    }
    fail(std::move(card));
}

TEST(Leaks, AnswersWhatDebugInfoIsFor) {
    const bool answer = lab().answers().boolean("without_debug_info", "reports_line_numbers");
    if (answer == names_lines(starter_without_debug_info.get().report)) {
        return;
    }
    fail({.expected = "what Memcheck shows of the original program when it was built without -g",
          .observed = fmt::format("answers.toml, [without_debug_info]: reports_line_numbers = {}", answer),
          .evidence = "the rows of a loss record:   by 0x10...: sum_of_five_integers() (...)",
          .why = "The processor needs no line numbers. The compiler writes them into the executable as "
                 "debugging information, and only when it is told to; a tool can then turn an address into a "
                 "line.",
          .next = "g++ -std=c++20 -O0 leaks.cpp -o leaks-without-g -lfmt && valgrind --leak-check=full "
                  "./leaks-without-g"});
}

TEST(Leaks, AnswersWhatOneFreeChanges) {
    const Card card{
        .expected = "how many blocks are definitely lost when the first integer is freed and nothing else",
        .observed = "",
        .evidence = "Memcheck on that program:   definitely lost: ... bytes in ... blocks",
        .why =
            "One free() gives back one block: the one whose address it gets. All five integers pass through "
            "the same variable, but it holds one address at a time.",
        .next =
            "../../scripts/lab reset 2 && sed -i 's|// std::free(number);|std::free(number);|' leaks.cpp "
            "&& " +
            build + " && valgrind ./leaks",
    };
    const MemcheckReport& report = starter_with_one_free.get().report;
    expect_number("one_free", "definitely_lost_blocks", report.blocks(LeakKind::definitely_lost), card);
}

// ---- Part 2: the mended program ----

/// The blocks that the activity is about, measured on the starter.
Sizes wanted() {
    return never_freed(starter.get().trace);
}

/// The positive witness: the program allocated all of those blocks. Otherwise the check ends with this card,
/// the text of which says why the check cares.
void expect_every_block_allocated(std::string why) {
    const evidence::AllocationTrace& trace = mended.get().trace;
    const auto size = size_with_too_few(wanted(), trace);
    if (!size) {
        return;
    }
    const auto found = trace.blocks_of_size(*size);
    fail({.expected =
              fmt::format("blocks of {} bytes: {}, as in the original program", *size, wanted().at(*size)),
          .observed = fmt::format("blocks of {} bytes: {}", *size, found.size()),
          .evidence = found.empty() ? fmt::format("no row like malloc({}) in the allocation trace", *size)
                                    : "the last of them: " + trace.calls[found.back().allocated_at].row,
          .why = std::move(why),
          .next = show_trace});
}

void expect_something_to_judge() {
    expect_every_block_allocated(
        "Without these blocks nothing can be said here: see StillAllocatesEveryBlock.");
}

/// A program that frees nothing makes no mistake in freeing: that would be no merit. Ends the check then.
void expect_some_block_freed() {
    expect_something_to_judge();
    if (frees_any(wanted(), mended.get().trace)) {
        return;
    }
    fail({.expected = "blocks that are freed, so that it can be seen whether they are freed rightly",
          .observed = "none of the blocks is ever freed",
          .evidence = "no row free(0x...) with the address of one of these blocks in the allocation trace",
          .why = "Freeing has mistakes of its own: twice, too early, the wrong address. They can only be "
                 "looked for in a program that frees.",
          .next = show_trace});
}

void expect_none_left(LeakKind kind, std::string why) {
    expect_something_to_judge();
    const MemcheckReport& report = mended.get().report;
    const auto left = report.leaks_of(kind);
    if (left.empty()) {
        return;
    }
    const Leak& first = left.front();
    Card card{
        .expected = fmt::format("{}: 0 bytes in 0 blocks", name_of(kind)),
        .observed = fmt::format("{}: {}", name_of(kind), amount(report.bytes(kind), report.blocks(kind))),
        .evidence = fmt::format("{}, allocated\n{}", amount(first.bytes, first.blocks), rows_of(first.stack)),
        .why = std::move(why),
        .next = show_leaks,
    };
    if (same_loss(report, starter.get().report, kind)) {
        // The numbers are answers that answers.toml asks for.
        card.observed = fmt::format("{}: as much as in the original program", name_of(kind));
        card.evidence = fmt::format("... bytes in ... blocks, allocated\n{}", rows_of(first.stack, false));
    }
    fail(std::move(card));
}

TEST(Leaks, PrintsTheReportUnchanged) {
    grading::expect_exit_status(plain.get(), 0, "running leaks");
    const std::string& report = starter.get().run.out;
    if (plain.get().out == report) {
        return;
    }
    fail({.expected = excerpt(report),
          .observed = plain.get().out.empty() ? "nothing on stdout" : excerpt(plain.get().out),
          .evidence = "stdout of the program, compared with the original's byte by byte",
          .why = "Mending a leak must not change what a program does. A changed number or text often means "
                 "that a block was freed before its last use.",
          .next = build + " && ./leaks"});
}

TEST(Leaks, PrintsNoReportWithoutMemory) {
    expect_something_to_judge();
    for (const std::size_t allocations : {std::size_t{0}, number_of_blocks(wanted()) / 2}) {
        const process::Run run = run_without_memory(lab(), allocations, true);
        if (run.out != starter.get().run.out) {
            continue;
        }
        fail({.expected = allocations == 0
                              ? "no complete report when every allocation fails"
                              : fmt::format("no complete report when only {} allocations work", allocations),
              .observed = "the complete report, as if nothing had happened; " + run.describe(),
              .evidence = excerpt(run.out),
              .why = "The report is worked out from what stands in the blocks. A program that can print it "
                     "without them prints constants, and its blocks are only for show.",
              .next = "read leaks.cpp: does each number that is printed come out of a block?"});
    }
}

TEST(Leaks, ReportsThatMallocFailed) {
    expect_something_to_judge();
    for (const std::size_t allocations : {std::size_t{0}, number_of_blocks(wanted()) / 2}) {
        const process::Run run = run_without_memory(lab(), allocations, false);
        // A program that takes its blocks from plain new does not notice.
        const bool got_its_blocks = run.succeeded() && run.out == starter.get().run.out;
        if (got_its_blocks || (run.status.exited_with(1) && begins_with_the_programs_name(run.err))) {
            continue;
        }
        const Card card{
            .expected = "on stderr a message that begins with \"leaks\", and exit status 1",
            .observed = fmt::format("malloc returned NULL after {} calls that worked, and the program {}",
                                    allocations, run.describe()),
            .evidence = fmt::format("stdout:\n{}\nstderr:\n{}", excerpt(run.out), excerpt(run.err)),
            .why =
                "NULL is the only way in which malloc can say that there is no memory. The program asked "
                "whether it got NULL when it was given to you: mending a leak must not change that.",
            .next = build +
                    " && gdb -q -batch -ex 'break malloc if $rdi == 64' -ex run -ex 'return (void*)0' "
                    "-ex continue ./leaks",
        };
        if (run.status.signal && run.ending == process::Ending::finished) {
            fail(card, grading::Reason::crashed);
        }
        grading::expect_exit(run, "running leaks with a malloc that returns NULL");
        fail(card);
    }
}

TEST(Leaks, StillAllocatesEveryBlock) {
    expect_every_block_allocated(
        "Memory that was never allocated cannot leak. The task is to give blocks back, not to do without "
        "them, so they are looked for before anything is said about leaks.");
}

TEST(Leaks, LosesNothingDefinitely) {
    expect_none_left(LeakKind::definitely_lost,
                     "No pointer to the block is left, so nothing can ever free it. Some line overwrote the "
                     "last copy of its address, or let it go out of scope: the free() belongs before that.");
}

TEST(Leaks, LosesNothingIndirectly) {
    expect_none_left(LeakKind::indirectly_lost,
                     "The addresses of these blocks stand only in other lost blocks. A list is freed node "
                     "by node, and each node is asked for the next one before it is freed.");
}

TEST(Leaks, LosesNothingPossibly) {
    expect_none_left(LeakKind::possibly_lost,
                     "In the end only an address in the middle of the block was left, and free() does not "
                     "take that: it wants the address that malloc returned.");
}

TEST(Leaks, LeavesNothingReachable) {
    expect_none_left(LeakKind::still_reachable,
                     "Something pointed to the block to the very end, so it could have been freed. Here the "
                     "kernel takes it back with the process; in a program that runs for months, blocks that "
                     "are kept and never used again fill the memory like any other leak.");
}

TEST(Leaks, FreesEveryBlock) {
    expect_something_to_judge();
    const evidence::AllocationTrace& trace = mended.get().trace;
    const auto kept = first_kept(wanted(), trace);
    if (!kept) {
        return;
    }
    const std::string why =
        "This is the plain count, without any search for pointers: an address that malloc returned and "
        "free() "
        "never gets is memory that the process keeps to its end.";
    if (!frees_any(wanted(), trace)) {
        // Of a program that is still the original, the sizes are answers that answers.toml asks for.
        fail(
            {.expected = "each of the eleven blocks is freed",
             .observed = "none of them is",
             .evidence = "no row free(0x...) with the address of one of these blocks in the allocation trace",
             .why = why,
             .next = show_trace});
    }
    const auto same_size = trace.blocks_of_size(kept->size);
    const auto freed = std::count_if(same_size.begin(), same_size.end(),
                                     [](const Block& block) { return block.freed_at.has_value(); });
    fail({.expected = fmt::format("every block of {} bytes is freed", kept->size),
          .observed =
              fmt::format("blocks of {} bytes: {} allocated, {} freed", kept->size, same_size.size(), freed),
          .evidence = fmt::format("{}\nand no free({:#x}) after it", trace.calls[kept->allocated_at].row,
                                  kept->address),
          .why = why,
          .next = show_trace});
}

TEST(Leaks, FreesOnlyWhatWasAllocated) {
    expect_some_block_freed();
    const MemoryError* error = first_error(mended.get().report, true);
    if (error == nullptr) {
        return;
    }
    const bool mismatched = error->kind == "MismatchedFree";
    fail({.expected = mismatched ? "each block is given back by the partner of the call that allocated it"
                                 : "free() gets each address that malloc returned once, and no other",
          .observed = error->what,
          .evidence = rows_of(error->stack) + "\n" + error->detail,
          .why = mismatched
                     ? "malloc goes with free, new with delete, new[] with delete[]. Each pair may keep "
                       "its books in its own way, and only delete runs a destructor."
                     : "free() looks for malloc's record just in front of the address. In the middle of "
                       "a block there is none, and that of a free block is no longer its own: glibc "
                       "ends the program when it notices, and does damage when it does not.",
          .next = build + " && valgrind ./leaks"});
}

TEST(Leaks, UsesOnlyLiveBlocks) {
    expect_some_block_freed();
    const MemoryError* error = first_error(mended.get().report, false);
    if (error == nullptr) {
        return;
    }
    fail({.expected = "every read and write lies inside a block that is allocated at that moment",
          .observed = error->what,
          .evidence = rows_of(error->stack) + "\n" + error->detail,
          .why = "A freed block belongs to malloc, which writes notes of its own into it and hands it to the "
                 "next caller. Under Memcheck its old contents stay for a while; without it, you read "
                 "something else.",
          .next = build + " && valgrind ./leaks"});
}

}  // namespace
