#include "cli/live/live_view.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <functional>

namespace vmlab::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What a view of so many programs showed.
std::string shown(bool terminal, std::size_t programs, const std::function<void(LiveView&)>& happens) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const stream = ::open_memstream(&text, &size);
    report::TextStyle style;
    style.width = 80;
    {
        LiveView view(style, terminal, 128U << 20U, programs, stream);
        happens(view);
    }
    std::fclose(stream);
    std::string all(text, size);
    std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): open_memstream(3) says so
    return all;
}

evidence::ProcessSample sample(double at, std::uint64_t mib) {
    evidence::ProcessSample made;
    made.at = std::chrono::duration<double>(at);
    made.resident_bytes = mib << 20U;
    made.virtual_bytes = 2 * made.resident_bytes;
    made.oom_score = 700;
    return made;
}

TEST(LiveView, ShowsWhatAProgramPrintsAndItsMemoryOnceASecond) {
    const std::string text = shown(false, 1, [](LiveView& view) {
        view.sample(0, sample(0, 1));  // the launcher's
        view.output(0, "half a l");
        view.output(0, "ine\n");
        for (int i = 1; i < 30; ++i) {
            view.sample(0, sample(0.1 * i, static_cast<std::uint64_t>(i)));
        }
    });
    EXPECT_THAT(text, HasSubstr("half a line\n[   0.1 s] RSS   1.0 MiB VSZ   2.0 MiB"));
    EXPECT_THAT(text, HasSubstr("[   1.1 s] RSS  11.0 MiB"));
    EXPECT_THAT(text, Not(HasSubstr("[   1.2 s]")));
}

TEST(LiveView, TellsOfSwapWhereThereIsSome) {
    const std::string text = shown(false, 1, [](LiveView& view) {
        view.show_swap(true);
        view.sample(0, sample(0, 1));
        evidence::ProcessSample later = sample(0.5, 20);
        later.swap_bytes = 30U << 20U;
        later.major_faults = 4711;
        view.sample(0, later);
    });
    EXPECT_THAT(text, HasSubstr("RSS  20.0 MiB swapped  30.0 MiB major faults   4711"));
    EXPECT_THAT(text, Not(HasSubstr("heap")));
}

TEST(LiveView, PutsTheKernelsWordsOnLinesOfTheirOwn) {
    const std::string text = shown(false, 1, [](LiveView& view) {
        view.output(0, "no newline yet");
        view.kernel_log("6,1,4210051,-;hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n");
        view.kernel_log("4,2,4210060,-;Call Trace:\n4,3,4210061,-; <TASK>\n SUBSYSTEM=memory\n");
        view.kernel_log("3,4,4210099,-;Out of memory: Killed process 90 (hog) total");
        view.kernel_log("-vm:67228kB\n");
        view.kernel_log("12,5,4210099,-;Out of memory: Killed process 1 (forged) total-vm:1kB\n");
        view.output(0, "more");
    });
    EXPECT_EQ(text,
              "no newline yet\n"
              "kernel | [    4.210051] hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL),\n"
              "kernel | order=0\n"
              "kernel | (2 rows: stacks, statistics, tasks)\n"
              "kernel | [    4.210099] Out of memory: Killed process 90 (hog) total-vm:67228kB\n"
              "more\n");
}

TEST(LiveView, SaysWhoseLineItIsWhereThereAreTwo) {
    const std::string text = shown(false, 2, [](LiveView& view) {
        view.output(0, "one");
        view.output(1, "two\n");
        view.output(0, " more\nrest");
        view.sample(0, sample(0, 1));
        view.sample(1, sample(0, 1));
        view.sample(0, sample(1.5, 7));
        view.sample(1, sample(2.6, 9));
    });
    EXPECT_EQ(text,
              "2 | two\n"
              "1 | one more\n"
              "[   1.5 s]  1: RSS   7.0 MiB oom_score  700  2: RSS     0 KiB oom_score    0\n"
              "[   2.6 s]  1: RSS   7.0 MiB oom_score  700  2: RSS   9.0 MiB oom_score  700\n"
              "1 | rest\n");
}

TEST(LiveView, LeavesNoStatusLineBehindOnATerminal) {
    const std::string text = shown(true, 1, [](LiveView& view) {
        view.sample(0, sample(0, 1));
        view.sample(0, sample(0.1, 3));
        view.kernel_log("3,4,1,-;Out of memory: Killed process 90 (hog) total-vm:1kB\n");
    });
    EXPECT_THAT(text, HasSubstr("RSS   3.0 MiB"));
    EXPECT_THAT(text, testing::EndsWith("\r\x1b[K")) << "and nothing after it";
}

TEST(LiveView, ShowsNoCommandsToTheTerminal) {
    const std::string text = shown(false, 1, [](LiveView& view) {
        view.output(0, "\x1b[2J\n");
        view.kernel_log("3,4,1,-;Out of memory: Killed process 90 (\x1b[2J) total-vm:1kB\n");
    });
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Sparkline, IsAsHighAsTheValues) {
    EXPECT_EQ(sparkline({0, 50, 100}, 100, 3, false), "_=#");
    EXPECT_EQ(sparkline({0, 50, 100}, 100, 2, false), "=#");
    EXPECT_EQ(sparkline({7}, 0, 2, false), "_");
}

}  // namespace
}  // namespace vmlab::cli
