// Grader of activity 10: how linkage reads, and what it makes of files that are none of its kind.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runs.hpp"
#include "vmlab/evidence/syscalls.hpp"
#include "vmlab/grading/memory_errors.hpp"

namespace {

using namespace linkage;

struct Recorded {
    std::filesystem::path file;
    evidence::SyscallRun run;
    Printed printed;
    Facts facts;
};

Shared<Recorded> recorded{[](Lab& lab) {
    ElfWriter writer;
    const DrawnFile drawn = writer.file({.type = drawn_type()});
    const std::filesystem::path file = lab.given_file("drawn", drawn.content);
    evidence::SyscallOptions options;
    options.readable = {file};
    evidence::SyscallRun run = experiment(file).syscalls(lab, options);
    Printed printed = read_lines(run.run.out);
    return Recorded{file, std::move(run), std::move(printed), drawn.facts};
}};

TEST(Reading, ReadsTheFileItself) {
    const Recorded& seen = recorded.get();
    const auto programs = std::ranges::count_if(seen.run.calls, [](const evidence::SystemCall& call) {
        return call.name == "execve" && !call.failed();
    });
    const bool opened = std::ranges::any_of(seen.run.calls, [&](const evidence::SystemCall& call) {
        return (call.name == "openat" || call.name == "openat2" || call.name == "open") && !call.failed() &&
               call.row.find(seen.file.filename().string()) != std::string::npos;
    });
    const bool says_something =
        seen.printed.text == seen.facts.text || seen.printed.interpreter == seen.facts.interpreter;
    if (programs <= 1 && opened && says_something) {
        return;
    }
    std::string observed = "it says nothing that is right about the file";
    if (!opened) {
        observed = "it never opened the file";
    }
    if (programs > 1) {
        observed = fmt::format("{} other program(s) were started", programs - 1);
    }
    fail_run(seen.run.run, "running ./linkage under strace",
             {.expected = "it opens FILE, and starts no other program",
              .observed = observed,
              .evidence = fmt::format("strace: {} calls", seen.run.calls.size()),
              .next = build_and("linkage", "strace -f -e trace=execve,openat ./linkage linkage")});
}

struct Broken {
    std::string what;
    std::filesystem::path file;
    process::Run run;
};

/// The content with its ELF header changed.
template <class Change>
std::string changed(const DrawnFile& drawn, Change change) {
    Elf64_Ehdr header = drawn.header;
    change(header);
    std::string content = drawn.content;
    std::memcpy(content.data(), &header, sizeof header);
    return content;
}

std::vector<std::pair<std::string, std::string>> broken_contents() {
    ElfWriter writer;
    const DrawnFile drawn = writer.file({.type = drawn_type()});
    const auto cut = [&](std::uint64_t bytes) { return drawn.content.substr(0, bytes); };
    std::vector<std::pair<std::string, std::string>> contents = {
        {"an empty file", ""},
        {"a text",
         "#!/bin/sh\necho this is no ELF file, although it is longer than its header would be, by far\n"},
        {"the first four bytes of an ELF file", cut(4)},
        {"an ELF file that is cut off in its header", cut(grading::drawn(17, 63))},
        {"an ELF file that is cut off in its program headers", cut(grading::drawn(65, 100))},
        {"an ELF file that is cut off in its section headers",
         cut(drawn.content.size() - grading::drawn(1, 63))},
        {"an ELF file without its last byte", cut(drawn.content.size() - 1)},
        {"a 32-bit ELF file",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_ident[EI_CLASS] = ELFCLASS32; })},
        {"an ELF file of no class (EI_CLASS 0)",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_ident[EI_CLASS] = ELFCLASSNONE; })},
        {"an ELF file of an unknown class (EI_CLASS 3)",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_ident[EI_CLASS] = 3; })},
        {"a file with another first byte", "x" + drawn.content.substr(1)},
        {"a file with another second byte",
         "\x7f"
         "e" +
             drawn.content.substr(2)},
        {"a file with another third byte",
         "\x7f"
         "El" +
             drawn.content.substr(3)},
        {"a file with another fourth byte",
         "\x7f"
         "ELf" +
             drawn.content.substr(4)},
        {"section headers 4 GiB behind their place",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_shoff += 1ULL << 32U; })},
        {"program headers 4 GiB behind their place",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_phoff += 1ULL << 32U; })},
        {"section headers at a negative place",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_shoff |= 1ULL << 63U; })},
        {"program headers at a negative place",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_phoff |= 1ULL << 63U; })},
        {"section headers longer than there is room for",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_shentsize += 1; })},
        {"section headers far behind the end",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_shoff = 1ULL << 40U; })},
        {"section headers at the end of all numbers",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_shoff = ~std::uint64_t{0} - 100; })},
        {"program headers at the end of all numbers",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_phoff = ~std::uint64_t{0} - 50; })},
        {"more section headers than there are",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_shnum += 1; })},
        {"more program headers than fit",
         changed(drawn, [](Elf64_Ehdr& header) { header.e_phnum = 60'000; })},
    };
    return contents;
}

Shared<std::vector<Broken>> broken{[](Lab& lab) {
    std::vector<Broken> all;
    const auto run = [&](const std::string& what, const std::filesystem::path& file, bool is_there) {
        grading::NativeOptions how;
        how.limits.data_bytes = 512U << 20U;
        if (is_there) {
            how.readable = {file};
        }
        how.arguments = {file.string()};
        all.push_back({what, file, lab.native(lab.program("linkage"), how)});
    };
    for (const auto& [what, content] : broken_contents()) {
        run(what, lab.given_file("broken", content), true);
    }
    const std::filesystem::path last = all.back().file;
    run("a folder", last.parent_path(), true);
    run("a file that does not exist", last.parent_path() / "nothing", false);
    return all;
}};

/// Under Memcheck: a read beyond the end may do no harm in one run, and does in the next.
Shared<std::vector<evidence::MemcheckRun>> watched{[](Lab& lab) {
    std::vector<evidence::MemcheckRun> runs;
    for (const auto& [what, content] : broken_contents()) {
        if (what.find("cut off in its") == std::string::npos &&
            what.find("end of all") == std::string::npos) {
            continue;
        }
        const std::filesystem::path file = lab.given_file("broken", content);
        evidence::MemcheckOptions options;
        options.readable = {file};
        runs.push_back(experiment(file).memcheck(lab, options));
        if (runs.size() == 3) {
            break;
        }
    }
    return runs;
}};

TEST(Reading, RefusesWhatIsNoElfFile) {
    // Whoever refuses everything has refused nothing.
    const Case& right = cases.get().front();
    if (!right.run.status.exited_with(0) || right.run.out.empty()) {
        fail_case(right, "a whole ELF file is not refused", right.run.describe());
    }
    for (const Broken& one : broken.get()) {
        if (one.run.status.exited_with(1) && one.run.out.empty() &&
            grading::begins_with_name(one.run.err, "linkage")) {
            continue;
        }
        const Card card{
            .expected =
                fmt::format("{}: a message on stderr that begins with \"linkage\", nothing on stdout, "
                            "exit status 1",
                            one.what),
            .observed = fmt::format("{}; stdout: {}", one.run.describe(), shown(one.run.out, 2)),
            .evidence = fmt::format("stderr: {}", shown(one.run.err, 2)),
            .next =
                build_and("linkage", "head -c 5000 linkage > cut && ./linkage cut; echo \"exit status $?\"")};
        if (one.run.status.signal && one.run.ending == process::Ending::finished) {
            fail(card, grading::Reason::crashed);
        }
        fail_run(one.run, "running ./linkage on " + one.what, card);
    }
    for (const evidence::MemcheckRun& run : watched.get()) {
        const std::string next =
            build_and("linkage", "head -c 5000 linkage > cut && valgrind -q ./linkage cut");
        if (auto card =
                grading::first_memory_error({{.when = {}, .run = run, .next = next}}, "linkage.cpp")) {
            fail(std::move(*card));
        }
    }
}

TEST(Reading, RefusesBadUsage) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{{}, {"a", "b"}}) {
        const Experiment bad{.program = "linkage", .arguments = arguments};
        const process::Run run = bad.native(lab());
        if (run.status.exited_with(2) && run.out.empty() && !run.err.empty()) {
            continue;
        }
        fail({.expected = "a message on stderr, nothing on stdout, exit status 2",
              .observed = run.describe() + (run.err.empty() ? "; nothing on stderr" : ""),
              .evidence = fmt::format("$ {}\nstdout: {}", bad.command(), shown(run.out, 2)),
              .next = build_and("linkage", bad.command()) + "; echo \"exit status $?\""});
    }
}

}  // namespace
