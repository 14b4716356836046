// Grader of activity 11: make one area grow, and no other.
//
// areas.cpp is built once for each area that is to grow, with a number that is drawn; libelf tells of the
// sections of each file. While areas waits, the kernel's list of its mappings is read.
//
// Here stand the checks on files, lines and usage; run_checks.cpp and answers_checks.cpp hold the others.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace areas;

std::string shown_growth(const Build& build, std::string_view section) {
    return fmt::format("{} {} -> {} bytes", section, plain.get().bytes_of(section), build.bytes_of(section));
}

/// The others may move by what alignment makes of them.
void expect_grown_alone(const Build& build, const Area& area) {
    constexpr std::uint64_t alignment = 256;
    const std::uint64_t due = build.kibibytes * kibibyte;
    const std::uint64_t most = area.section == ".text" ? due + due / 2 : due + 4 * kibibyte;
    std::string all;
    bool is_right = true;
    for (const Area& each : sections) {
        const std::uint64_t before = plain.get().bytes_of(each.section);
        const std::uint64_t after = build.bytes_of(each.section);
        const std::uint64_t least_growth = each.section == area.section ? due : 0;
        const std::uint64_t most_growth = each.section == area.section ? most : alignment;
        is_right = is_right && after + alignment >= before + least_growth && after <= before + most_growth;
        all += (all.empty() ? "" : ", ") + shown_growth(build, each.section);
    }
    // A section that is to grow does so by all that was asked for.
    is_right = is_right && build.bytes_of(area.section) >= plain.get().bytes_of(area.section) + due;
    if (is_right) {
        return;
    }
    fail({.expected = fmt::format("-D{}={}: {} grows by {} bytes or a little more, and the three others stay",
                                  area.macro, build.kibibytes, area.section, due),
          .observed = shown_growth(build, area.section),
          .evidence = all,
          .next = sizes_of(build)});
}

TEST(Sections, GrowsTextAlone) {
    expect_grown_alone(more_text.get(), sections[0]);
}

TEST(Sections, GrowsRodataAlone) {
    expect_grown_alone(more_rodata.get(), sections[1]);
}

TEST(Sections, GrowsDataAlone) {
    expect_grown_alone(more_data.get(), sections[2]);
}

TEST(Sections, GrowsBssAlone) {
    expect_grown_alone(more_bss.get(), sections[3]);
}

TEST(Sections, FileTellsTheSame) {
    const std::uint64_t before = plain.get().mapped_from_file();
    for (Shared<Build>* shared : {&more_text, &more_rodata, &more_data, &more_bss}) {
        const Build& build = shared->get();
        const bool is_bss = shared == &more_bss;
        const std::uint64_t grown = build.mapped_from_file() - std::min(build.mapped_from_file(), before);
        const std::uint64_t asked = build.kibibytes * kibibyte;
        const bool is_right = is_bss ? grown < 8 * kibibyte : grown + 8 * kibibyte >= asked;
        // A section that does not grow proves nothing about the file.
        const bool has_grown = !is_bss || build.bytes_of(".bss") >= plain.get().bytes_of(".bss") + asked;
        if (is_right && has_grown) {
            continue;
        }
        fail({.expected = is_bss ? "a .bss that grows, and segments that take no more from the file"
                                 : "segments that take so much more from the file",
              .observed = fmt::format("{} bytes more in the segments PT_LOAD; .bss is {} bytes", grown,
                                      build.bytes_of(".bss")),
              .evidence =
                  fmt::format("{} with {} KiB", grading::build_command("areas.cpp", "areas", build.options),
                              build.kibibytes),
              .next = grading::build_command("areas.cpp", "areas", build.options) + " && readelf -lW areas"});
    }
}

TEST(Lines, ReportsThatMallocFailed) {
    const Session& right = usual.get();
    expect_lines(right);
    Experiment short_of_room = experiment({"--heap", std::to_string(drawn(60'000, 90'000))});
    short_of_room.limits.data_bytes = 30 * mebibyte;
    const process::Run run = short_of_room.native(lab());
    if (run.status.exited_with(1) && run.out.empty() && grading::begins_with_name(run.err, "areas")) {
        return;
    }
    const Card card{
        .expected =
            "where malloc returns NULL: a message on stderr that begins with \"areas\", nothing on "
            "stdout, exit status 1",
        .observed = fmt::format("{}; stderr: {}", run.describe(), shown(run.err, 2)),
        .evidence = fmt::format("$ {}   (with 30 MiB of memory of its own)", short_of_room.command()),
        .next = grading::build_and("areas",
                                   fmt::format("(ulimit -d 30720; {}) < /dev/null; echo \"exit status $?\"",
                                               short_of_room.command()))};
    if (run.status.signal && run.ending == process::Ending::finished) {
        fail(card, grading::Reason::crashed);
    }
    fail_run(run, short_of_room.doing(), card);
}

TEST(Lines, RefusesBadUsage) {
    const std::vector<std::vector<std::string>> wrong = {{"x"},           {"--heap"},       {"--stack"},
                                                         {"--heap", "x"}, {"--heap", "-1"}, {"--stack", "5k"},
                                                         {"--Heap", "5"}, {"--heap", ""}};
    for (const auto& arguments : wrong) {
        const Experiment bad = experiment(arguments);
        const process::Run run = bad.native(lab());
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail({.expected = "a message on stderr, nothing on stdout, exit status 2",
              .observed = run.describe() + (run.err.empty() ? "; nothing on stderr" : ""),
              .evidence = fmt::format("$ {}\nstdout: {}", bad.command(), shown(run.out, 2)),
              .next = grading::build_and("areas", bad.command()) + " < /dev/null; echo \"exit status $?\""});
    }
}

}  // namespace
