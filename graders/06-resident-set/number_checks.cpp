// Grader of activity 6: the two numbers, compared with what the kernel tells from outside.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "runs.hpp"

namespace {

using namespace resident;

bool is_near(std::uint64_t one, std::uint64_t other) {
    return std::max(one, other) - std::min(one, other) <= tolerance;
}

TEST(Numbers, NowIsWhatIsResident) {
    for (Shared<Session>* shared : {&untouched, &kept, &given_back, &given_to_malloc, &held_by_malloc,
                                    &filled_by_malloc, &from_a_fat_parent}) {
        const Session& session = shared->get();
        expect_lines(session);
        for (const Look& look : session.looks) {
            if (is_near(look.line.now, look.outside.resident_bytes)) {
                continue;
            }
            fail({.expected = fmt::format("now={} or so: what is resident when the program waits after this "
                                          "line, in kB",
                                          look.outside.resident_bytes / kibibyte),
                  .observed = shown_line(look.line),
                  .evidence = fmt::format(
                      "/proc/PID/status: VmRSS {}, VmHWM {}, VmSize {}   $ {}",
                      kilobytes(look.outside.resident_bytes), kilobytes(look.outside.peak_resident_bytes),
                      kilobytes(look.outside.virtual_bytes), session.experiment.command()),
                  .next = all_at_once(session.experiment)});
        }
    }
}

void expect_peak(const Session& session, const Look& look, std::uint64_t peak, const std::string& why) {
    if (is_near(look.line.peak, peak)) {
        return;
    }
    fail({.expected = fmt::format("peak={} or so: {}", peak / kibibyte, why),
          .observed = shown_line(look.line),
          .evidence = fmt::format("/proc/PID/status at this line: VmRSS {}, VmHWM {}   $ {}",
                                  kilobytes(look.outside.resident_bytes),
                                  kilobytes(look.outside.peak_resident_bytes), session.experiment.command()),
          .next = all_at_once(session.experiment)});
}

TEST(Numbers, PeakIsTheHighWaterMark) {
    for (Shared<Session>* shared : {&given_back, &kept, &held_by_malloc, &untouched}) {
        const Session& session = shared->get();
        expect_lines(session);
        // A process begins with the peak of the one that became it: here a small one.
        const std::uint64_t first = session.looks.front().line.peak;
        if (first > 64 * mebibyte || first + tolerance < session.looks.front().outside.peak_resident_bytes) {
            expect_peak(session, session.looks.front(), session.looks.front().outside.peak_resident_bytes,
                        "the largest resident set before the first block");
        }
        for (const Look& look : session.looks) {
            expect_peak(session, look, std::max(first, look.outside.peak_resident_bytes),
                        "the largest resident set so far");
        }
    }
}

TEST(Numbers, PeakBeginsAtTheParents) {
    const Session& session = from_a_fat_parent.get();
    expect_lines(session);
    const std::uint64_t before = session.experiment.start.resident_bytes_before;
    for (const Look& look : session.looks) {
        if (look.line.peak >= before && look.line.peak <= before + 64 * mebibyte) {
            continue;
        }
        fail({.expected = fmt::format("peak={} or more: a process with so much resident memory executed the "
                                      "program, and ru_maxrss tells of that",
                                      before / kibibyte),
              .observed = shown_line(look.line),
              .evidence = fmt::format("VmHWM of the program itself: {}   $ {}, executed by a process of {}",
                                      kilobytes(look.outside.peak_resident_bytes),
                                      session.experiment.command(), kilobytes(before)),
              .next = build_and("resident",
                                "python3 -c 'x = bytearray(200_000_000); import os; os.execv(\"./resident\", "
                                "[\"resident\"])' < /dev/null")});
    }
}

TEST(Numbers, GrowsRoundByRoundWithoutFree) {
    const Session& session = kept.get();
    expect_lines(session);
    const Look& first = session.at("touched", 1);
    const Look& last = session.at("touched", session.task.rounds);
    const std::uint64_t due = (session.task.rounds - 1) * session.task.chunk;
    const auto grown = [](std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; };
    const std::uint64_t outside = grown(first.outside.resident_bytes, last.outside.resident_bytes);
    const std::uint64_t printed = grown(first.line.now, last.line.now);
    if (is_near(outside, due) && is_near(printed, due)) {
        return;
    }
    fail({.expected =
              fmt::format("from \"touched 1\" to \"touched {}\" the resident set grows by {}: {} blocks",
                          session.task.rounds, kilobytes(due), session.task.rounds - 1),
          .observed =
              fmt::format("it grew by {}; the printed `now` by {}", kilobytes(outside), kilobytes(printed)),
          .evidence = fmt::format("/proc/PID/status: VmRSS {}, then {}   $ {}",
                                  kilobytes(first.outside.resident_bytes),
                                  kilobytes(last.outside.resident_bytes), session.experiment.command()),
          .next = all_at_once(session.experiment)});
}

}  // namespace
