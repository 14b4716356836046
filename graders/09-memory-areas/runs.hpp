#pragma once

// How areas is run for evidence, each run made once and shared by the checks that need it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmlab/evidence/elf_layout.hpp"
#include "vmlab/evidence/memory_use.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/lab.hpp"
#include "vmlab/grading/output.hpp"

namespace areas {

using namespace vmlab;
using evidence::Mapping;
using grading::build_and;
using grading::Card;
using grading::Experiment;
using grading::fail;
using grading::fail_run;
using grading::Lab;
using grading::lab;
using grading::Shared;
using grading::shown;

constexpr std::uint64_t mebibyte = 1U << 20U;
constexpr std::array<std::string_view, 9> things = {"text", "rodata",  "data",  "bss", "heap",
                                                    "mmap", "library", "stack", "vdso"};

inline Experiment experiment(std::vector<std::string> arguments = {}) {
    Experiment run{.program = "areas", .arguments = std::move(arguments)};
    run.limits.data_bytes = 512 * mebibyte;
    return run;
}

/// "heap 0x556e67364eb0 rw-p [heap]"
struct Told {
    std::string text;
    std::uint64_t address = 0;
    std::string mapping;  ///< permissions and path
};

/// The rest of a line behind its first `words` words, each with one blank behind it.
inline std::optional<std::string> behind(std::string_view line, int words) {
    for (; words > 0; --words) {
        const std::size_t blank = line.find(' ');
        if (blank == 0 || blank == std::string_view::npos) {
            return std::nullopt;
        }
        line.remove_prefix(blank + 1);
    }
    return std::string(line);
}

/// areas at the moment in which it waits, as the kernel sees it, and what it said of itself.
struct Session {
    Experiment experiment;
    grading::BuildOptions build;
    process::Run run;
    std::optional<std::string> flaw;
    std::vector<Told> told;  ///< in the order of `things`
    std::uint64_t told_kb = 0;
    std::uint64_t told_mappings = 0;
    bool waited = false;
    bool told_in_time = false;                     ///< all lines had come when it waited
    std::optional<std::vector<Mapping>> mappings;  ///< absent: nobody may look
    std::map<std::uint64_t, std::uint64_t> auxiliary;
    evidence::ProcessSample outside;
    evidence::ElfLayout layout;

    [[nodiscard]] const Told& thing(std::string_view name) const {
        return told.at(static_cast<std::size_t>(std::ranges::find(things, name) - things.begin()));
    }

    /// What the kernel said of that address; null: no mapping held it.
    [[nodiscard]] const Mapping* mapping_at(std::uint64_t address) const {
        const auto found = std::ranges::find_if(
            *mappings, [&](const Mapping& mapping) { return mapping.contains(address); });
        return found == mappings->end() ? nullptr : &*found;
    }

    /// For a card: a command that shows the same.
    [[nodiscard]] std::string next() const {
        std::string command = grading::build_command("areas.cpp", "areas", build) + " && ";
        return command + (experiment.start.random_addresses ? "" : "setarch -R ") + experiment.command() +
               " < /dev/null";
    }
};

inline std::optional<std::string> read_lines(Session& session) {
    const auto lines = grading::lines_of(session.run.out);
    if (lines.size() != things.size() + 1) {
        return fmt::format("it printed {} line(s), not {}", lines.size(), things.size() + 1);
    }
    for (std::size_t i = 0; i < things.size(); ++i) {
        const auto words = grading::words_of(lines[i]);
        const auto address =
            words.size() >= 3 && words[0] == things[i] ? grading::address_of(words[1]) : std::nullopt;
        const auto mapping = behind(lines[i], 2);
        if (!address || !mapping) {
            return fmt::format("line {} is \"{}\", not \"{} ADDRESS PERMISSIONS PATH\"", i + 1,
                               shown(lines[i], 1), things[i]);
        }
        session.told.push_back({lines[i], *address, *mapping});
    }
    const auto words = grading::words_of(lines.back());
    const auto kb = words.size() == 6 ? grading::whole_number(words[1]) : std::nullopt;
    const auto count = words.size() == 6 ? grading::whole_number(words[4]) : std::nullopt;
    if (!kb || !count || words[0] != "size" || words[2] != "kB" || words[3] != "in" ||
        words[5] != "mappings") {
        return fmt::format("the last line is \"{}\", not \"size NUMBER kB in NUMBER mappings\"",
                           shown(lines.back(), 1));
    }
    session.told_kb = *kb;
    session.told_mappings = *count;
    return std::nullopt;
}

inline Session watch(Lab& lab, grading::BuildOptions build, bool random_addresses) {
    Session session;
    session.experiment = experiment();
    session.build = std::move(build);
    session.experiment.start.random_addresses = random_addresses;
    session.experiment.start.called = "/opt/lab/another-name";  // the kernel knows the file, argv[0] is talk
    const grading::Program& program = lab.program("areas", session.build);
    if (auto layout = evidence::read_elf_layout(program.executable)) {
        session.layout = std::move(*layout);
    } else {
        grading::raise(layout.error());
    }
    grading::NativeOptions how;
    how.limits = session.experiment.limits;
    how.start = session.experiment.start;
    how.on_pause = [&](const process::Pause& pause) -> std::optional<std::string> {
        if (session.waited) {
            return std::nullopt;
        }
        session.waited = true;
        session.told_in_time = grading::lines_of(pause.printed).size() == things.size() + 1;
        if (auto mappings = evidence::read_mappings(pause.pid); mappings && !mappings->empty()) {
            session.mappings = std::move(*mappings);
        }
        if (auto auxiliary = evidence::auxiliary_vector(pause.pid)) {
            session.auxiliary = std::move(*auxiliary);
        }
        if (auto sample = evidence::sample_process(pause.pid)) {
            session.outside = *sample;
        }
        return "\n";
    };
    session.run = lab.native(program, how);
    session.flaw = read_lines(session);
    if (!session.flaw && !session.told_in_time) {
        session.flaw = session.waited ? "when it waited for Enter, not all of its lines had been written out"
                                      : "it did not wait for Enter";
    }
    return session;
}

inline Shared<Session> usual{[](Lab& lab) { return watch(lab, {}, true); }};
inline Shared<Session> without_pie{[](Lab& lab) {
    return watch(lab, {.debug_info = true, .extra_flags = {"-no-pie"}, .with_fmt = true}, true);
}};
inline Shared<Session> not_moved{[](Lab& lab) { return watch(lab, {}, false); }};

/// Without its lines, and a look at its mappings from outside, nothing can be said.
inline void expect_lines(const Session& session) {
    if (session.flaw) {
        fail_run(
            session.run, session.experiment.doing(),
            {.expected =
                 "nine lines \"WHAT ADDRESS PERMISSIONS PATH\", then \"size NUMBER kB in NUMBER mappings\", "
                 "then a wait for Enter",
             .observed = *session.flaw,
             .evidence = fmt::format("$ {}\n{}", session.experiment.command(), shown(session.run.out, 10)),
             .next = session.next()});
    }
    if (!session.mappings) {
        grading::raise({process::ErrorKind::machine_lacks,
                        "the mappings of a sandboxed process may not be read here",
                        "run the grader as root, or where ptrace of own processes is allowed (ptrace(2))"});
    }
}

/// Where an address of the program's file lies in it; absent: it is not the program's.
inline std::optional<std::uint64_t> address_in_file(const Session& session, std::uint64_t address) {
    const Mapping* mapping = session.mapping_at(address);
    if (mapping == nullptr) {
        return std::nullopt;
    }
    // AT_PHDR is where the program headers are; in the file they begin at the first segment's address + 64.
    const auto headers = session.auxiliary.find(3);
    const auto first = std::ranges::find(session.layout.segments, 1U, &evidence::ElfSegment::type);
    if (headers == session.auxiliary.end() || first == session.layout.segments.end()) {
        return std::nullopt;
    }
    const std::uint64_t bias = (headers->second & ~std::uint64_t{0xfff}) - first->address;
    return address - bias;
}

/// Fails the check for one of the nine.
[[noreturn]] inline void fail_for(const Session& session, const Told& told, const std::string& expected,
                                  const std::string& observed) {
    const Mapping* mapping = session.mapping_at(told.address);
    fail({.expected = expected,
          .observed = observed,
          .evidence = fmt::format(
              "printed: {}\n/proc/PID/maps: {}", told.text,
              mapping == nullptr
                  ? "no mapping holds this address"
                  : fmt::format("{:x}-{:x} {} {}", mapping->start, mapping->end, mapping->permissions,
                                mapping->path.empty() ? "(anonymous)" : mapping->path)),
          .next = session.next()});
}

/// That a thing lies in one of the program's own sections.
inline void expect_in_section(const Session& session, std::string_view thing, std::string_view section) {
    const Told& told = session.thing(thing);
    const auto address = address_in_file(session, told.address);
    const evidence::ElfSection* found = address ? session.layout.section_at(*address) : nullptr;
    if (found != nullptr && found->name == section) {
        return;
    }
    fail_for(session, told, fmt::format("{}: an address in the program's section {}", thing, section),
             found != nullptr ? fmt::format("it lies in {}", found->name)
                              : "it lies in no section of the program's");
}

}  // namespace areas
