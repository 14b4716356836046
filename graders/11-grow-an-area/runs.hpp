#pragma once

// How areas is run for evidence: it waits, and the grader reads the kernel's list of its mappings.

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

#include "builds.hpp"
#include "vmlab/evidence/memory_use.hpp"
#include "vmlab/evidence/native_blocks.hpp"
#include "vmlab/evidence/procfs.hpp"

namespace areas {

using evidence::Mapping;

constexpr std::array<std::string_view, 6> things = {"text", "rodata", "data", "bss", "heap", "stack"};

inline Experiment experiment(std::vector<std::string> arguments = {}) {
    Experiment run{.program = "areas", .arguments = std::move(arguments)};
    run.limits.data_bytes = 512 * mebibyte;
    return run;
}

/// areas at the moment in which it waits.
struct Session {
    Experiment experiment;
    Build build;
    process::Run run;
    std::optional<std::string> flaw;
    std::array<std::uint64_t, 6> told{};  ///< addresses, in the order of `things`
    bool waited = false;
    bool told_in_time = false;          ///< all lines had come when it waited
    std::vector<Mapping> mappings;      ///< empty: nobody may look
    std::uint64_t program_headers = 0;  ///< AT_PHDR

    [[nodiscard]] std::uint64_t address(std::string_view thing) const {
        return told.at(static_cast<std::size_t>(std::ranges::find(things, thing) - things.begin()));
    }
    [[nodiscard]] const Mapping* mapping_at(std::uint64_t at) const {
        const auto found =
            std::ranges::find_if(mappings, [&](const Mapping& mapping) { return mapping.contains(at); });
        return found == mappings.end() ? nullptr : &*found;
    }
    /// All mappings of that name; an empty one: the anonymous ones that can be written.
    [[nodiscard]] std::uint64_t bytes_of(std::string_view path) const {
        std::uint64_t bytes = 0;
        for (const Mapping& mapping : mappings) {
            const bool counts =
                mapping.path == path && (!path.empty() || mapping.permissions.starts_with("rw"));
            bytes += counts ? mapping.bytes() : 0;
        }
        return bytes;
    }
    /// For a card.
    [[nodiscard]] std::string next() const {
        return grading::build_command("areas.cpp", "areas", build.options) + " && " + experiment.command() +
               " < /dev/null";
    }
};

inline std::optional<std::string> read_lines(Session& session) {
    const auto lines = grading::lines_of(session.run.out);
    if (lines.size() != things.size()) {
        return fmt::format("it printed {} line(s), not {}", lines.size(), things.size());
    }
    for (std::size_t i = 0; i < things.size(); ++i) {
        const auto words = grading::words_of(lines[i]);
        const auto address =
            words.size() == 2 && words[0] == things[i] ? grading::address_of(words[1]) : std::nullopt;
        if (!address) {
            return fmt::format("line {} is \"{}\", not \"{} ADDRESS\"", i + 1, shown(lines[i], 1), things[i]);
        }
        session.told[i] = *address;
    }
    if (session.told_in_time) {
        return std::nullopt;
    }
    return session.waited ? "when it waited for Enter, not all of its lines had been written out"
                          : "it did not wait for Enter";
}

inline Session watch(Lab& lab, const Build& build, std::vector<std::string> arguments) {
    Session session;
    session.experiment = experiment(std::move(arguments));
    session.build = build;
    grading::NativeOptions how;
    how.arguments = session.experiment.arguments;
    how.limits = session.experiment.limits;
    how.on_pause = [&](const process::Pause& pause) -> std::optional<std::string> {
        if (session.waited) {
            return std::nullopt;
        }
        session.waited = true;
        session.told_in_time = grading::lines_of(pause.printed).size() == things.size();
        if (auto mappings = evidence::read_mappings(pause.pid)) {
            session.mappings = std::move(*mappings);
        }
        if (const auto auxiliary = evidence::auxiliary_vector(pause.pid)) {
            const auto headers = auxiliary->find(3);  // AT_PHDR
            session.program_headers = headers == auxiliary->end() ? 0 : headers->second;
        }
        return "\n";
    };
    session.run = lab.native(lab.program("areas", build.options), how);
    session.flaw = read_lines(session);
    return session;
}

inline Shared<Session> usual{[](Lab& lab) { return watch(lab, plain.get(), {}); }};
inline Shared<Session> all_grown{[](Lab& lab) { return watch(lab, more_of_all.get(), {}); }};

/// With a number of KiB that was drawn.
struct Grown {
    std::uint64_t kibibytes = 0;
    Session session;
};
inline Grown grown_by(Lab& lab, const char* option, std::uint64_t kibibytes) {
    return {kibibytes, watch(lab, plain.get(), {option, std::to_string(kibibytes)})};
}
inline Shared<Grown> more_heap{[](Lab& lab) { return grown_by(lab, "--heap", drawn(400, 4000)); }};
/// Half as much again is below the usual limit of 8 MiB.
inline Shared<Grown> more_stack{[](Lab& lab) { return grown_by(lab, "--stack", drawn(1000, 4000)); }};

/// Without its lines, and a look at its mappings from outside, nothing can be said.
inline void expect_lines(const Session& session) {
    if (session.flaw) {
        fail_run(
            session.run, session.experiment.doing(),
            {.expected =
                 "six lines \"AREA ADDRESS\": text, rodata, data, bss, heap, stack; then a wait for Enter",
             .observed = *session.flaw,
             .evidence = fmt::format("$ {}\n{}", session.experiment.command(), shown(session.run.out)),
             .next = session.next()});
    }
    if (session.mappings.empty()) {
        grading::raise({process::ErrorKind::machine_lacks,
                        "the mappings of a sandboxed process may not be read here",
                        "run the grader as root, or where ptrace of own processes is allowed (ptrace(2))"});
    }
    grading::expect_exit_status(session.run, 0, session.experiment.doing());
}

}  // namespace areas
