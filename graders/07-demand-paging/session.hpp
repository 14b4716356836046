#pragma once

// A dialogue with faults: after each step it waits for Enter, and the grader looks at it from outside.

#include <fmt/format.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pages.hpp"
#include "vmlab/evidence/memory_use.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/dialogue.hpp"
#include "vmlab/grading/output.hpp"

namespace faults {

enum class Step : std::size_t {
    map,
    read,
    write,
    rewrite,
    child_read,
    child_write,
    parent_write,
    discard,
    write_again,
};
constexpr std::array<const char*, 9> step_names = {
    "map", "read", "write", "rewrite", "child-read", "child-write", "parent-write", "discard", "write-again"};

inline std::string_view name_of(Step step) {
    return step_names.at(static_cast<std::size_t>(step));
}

inline std::vector<std::string> lines_due() {
    return {step_names.begin(), step_names.end()};
}

/// "read faults=1000 present=1000"
struct Line {
    std::string text;
    std::uint64_t faults = 0;
    std::uint64_t present = 0;
    std::optional<std::uint64_t> address;  ///< " at=0x...", in the first line
};

inline std::optional<Line> parse_line(const std::string& text, bool is_first) {
    const auto words = vmlab::grading::words_of(text);
    if (words.size() != (is_first ? 4U : 3U)) {
        return std::nullopt;
    }
    const auto faults = vmlab::grading::number_behind("faults=", words[1]);
    const auto present = vmlab::grading::number_behind("present=", words[2]);
    if (!faults || !present) {
        return std::nullopt;
    }
    Line line{.text = text, .faults = *faults, .present = *present, .address = {}};
    if (is_first) {
        line.address =
            words[3].starts_with("at=") ? vmlab::grading::address_of(words[3].substr(3)) : std::nullopt;
        if (!line.address) {
            return std::nullopt;
        }
    }
    return line;
}

/// What the kernel says of a process that waits after a step.
struct Look {
    Line line;
    pid_t pid = 0;
    vmlab::evidence::ProcessSample outside;
    std::uint64_t faults = 0;  ///< of that process so far
    /// Absent where the kernel lets nobody look that closely.
    std::optional<vmlab::evidence::PageUse> pages;
    std::optional<std::vector<char>> bytes;          ///< the first of each page
    std::optional<std::vector<char>> parents_bytes;  ///< the same of the parent, while the child waits
};

/// One dialogue. What each look found is in the order of the steps.
struct Session {
    std::uint64_t pages = 0;
    vmlab::grading::Experiment experiment;
    vmlab::process::Run run;
    std::optional<std::string> flaw;
    std::vector<Look> looks;
    std::uint64_t brought = 0;  ///< so many pages the grader brought itself before the step `read`, and again
                                ///< before `write-again`

    [[nodiscard]] const Look& at(Step step) const { return looks.at(static_cast<std::size_t>(step)); }

    /// Faults of the process that did this step since it (or its parent's copy of it) last waited.
    [[nodiscard]] std::uint64_t faults_outside(Step step) const {
        const Look& look = at(step);
        for (auto before = static_cast<std::size_t>(step); before-- > 0;) {
            if (looks[before].pid == look.pid) {
                return look.faults - looks[before].faults;
            }
        }
        return look.faults;
    }
};

/// Whether private anonymous memory of so many pages begins there. Where the mappings may not be read, it is
/// believed.
inline bool holds_region(pid_t pid, std::uint64_t start, std::uint64_t pages) {
    const auto mappings = vmlab::evidence::read_mappings(pid);
    return !mappings || mappings->empty() ||
           std::ranges::any_of(*mappings, [&](const vmlab::evidence::Mapping& mapping) {
               return mapping.contains(start) && mapping.end - start >= pages * page && mapping.inode == 0 &&
                      mapping.path != "[stack]" && mapping.permissions.starts_with("rw") &&
                      mapping.permissions.ends_with('p');
           });
}

inline std::optional<std::string> look_at(Session& session, const std::string& text, pid_t pid) {
    const auto step = static_cast<Step>(session.looks.size());
    const auto line = parse_line(text, step == Step::map);
    if (!line) {
        return fmt::format("line {} is \"{}\", not \"{} faults=NUMBER present=NUMBER{}\"",
                           session.looks.size() + 1, vmlab::grading::shown(text, 1), name_of(step),
                           step == Step::map ? " at=ADDRESS" : "");
    }
    if (step == Step::map && !holds_region(pid, *line->address, session.pages)) {
        return fmt::format("line 1 is \"{}\", and there is no private anonymous memory of {} pages",
                           vmlab::grading::shown(text, 1), session.pages);
    }
    Look look{
        .line = *line, .pid = pid, .outside = {}, .faults = 0, .pages = {}, .bytes = {}, .parents_bytes = {}};
    if (auto sample = vmlab::evidence::sample_process(pid)) {
        look.outside = *sample;
        look.faults = sample->minor_faults + sample->major_faults;
    }
    const std::uint64_t start = step == Step::map ? *line->address : *session.looks.front().line.address;
    if (auto use = vmlab::evidence::page_use(pid, start, session.pages * page)) {
        look.pages = *use;
    }
    if (step > Step::read && step != Step::discard) {
        // Reading brings pages that are not there: only where all of them are.
        look.bytes = first_bytes(pid, start, session.pages);
        if (step == Step::child_write) {
            look.parents_bytes = first_bytes(session.looks.front().pid, start, session.pages);
        }
    }
    if (session.brought > 0 && (step == Step::map || step == Step::discard) &&
        !bring_pages(pid, start, session.brought, step == Step::map)) {
        session.brought = 0;  // this machine does not let us
    }
    session.looks.push_back(std::move(look));
    return std::nullopt;
}

}  // namespace faults
