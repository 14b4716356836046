#pragma once

// A dialogue with resident: it prints a line and waits for Enter; meanwhile the grader looks at it from
// outside.

#include <fmt/format.h>
#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmlab/evidence/memory_use.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/dialogue.hpp"
#include "vmlab/grading/output.hpp"

namespace resident {

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = 1024 * kibibyte;
constexpr std::uint64_t page = 4096;

/// "touched 1 peak=6776 now=7000"
struct Line {
    std::string what;
    std::uint64_t round = 0;
    std::uint64_t peak = 0;  ///< bytes, like all numbers here
    std::uint64_t now = 0;
};

/// "peak=6776": kB, here as bytes.
inline std::optional<std::uint64_t> bytes_behind(std::string_view label, std::string_view word) {
    const auto kilobytes = vmlab::grading::number_behind(label, word);
    return kilobytes && *kilobytes < (std::uint64_t{1} << 40U) ? std::optional(*kilobytes * kibibyte)
                                                               : std::nullopt;
}

inline std::optional<Line> parse_line(const std::string& text) {
    const auto words = vmlab::grading::words_of(text);
    if (words.size() != 4) {
        return std::nullopt;
    }
    const auto round = vmlab::grading::whole_number(words[1]);
    const auto peak = bytes_behind("peak=", words[2]);
    const auto now = bytes_behind("now=", words[3]);
    if (!round || !peak || !now) {
        return std::nullopt;
    }
    return Line{.what = words[0], .round = *round, .peak = *peak, .now = *now};
}

/// What resident is asked to do.
struct Task {
    std::uint64_t rounds = 3;
    std::uint64_t chunk = 4'096'000;
    bool give_back = false;
    bool touch = true;

    [[nodiscard]] std::vector<std::string> arguments() const {
        std::vector<std::string> words = {"--rounds", std::to_string(rounds), "--chunk",
                                          std::to_string(chunk)};
        if (give_back) {
            words.emplace_back("--free");
        }
        if (!touch) {
            words.emplace_back("--no-touch");
        }
        return words;
    }

    /// The beginnings of its lines: "start 0", "touched 1", "freed 1", ...
    [[nodiscard]] std::vector<std::string> lines() const {
        std::vector<std::string> all = {"start 0"};
        for (std::uint64_t round = 1; round <= rounds; ++round) {
            all.push_back(fmt::format("{} {}", touch ? "touched" : "allocated", round));
            if (give_back) {
                all.push_back(fmt::format("freed {}", round));
            }
        }
        return all;
    }
};

/// New writable memory that is no file's, since the look before.
struct NewMemory {
    std::uint64_t bytes = 0;
    std::uint64_t pages_in_use = 0;  ///< in RAM or in swap
};

/// One moment in which the program waited for Enter.
struct Look {
    Line line;
    vmlab::evidence::ProcessSample outside;
    std::optional<NewMemory> added;  ///< absent: the kernel lets nobody look that closely here
};

/// A whole dialogue.
struct Session {
    Task task;
    vmlab::grading::Experiment experiment;
    vmlab::process::Run run;
    std::vector<Look> looks;
    std::optional<std::string> flaw;  ///< the lines were not what README.md asks for

    [[nodiscard]] const Look& at(std::string_view what, std::uint64_t round) const {
        return *std::ranges::find_if(
            looks, [&](const Look& look) { return look.line.what == what && look.line.round == round; });
    }
};

/// Looks at the program from outside at each of its pauses.
class Watch {
  public:
    explicit Watch(Session& session) : session_(&session) {}

    /// Takes the line that was printed, and what the kernel says of the process then. Returns the line's
    /// flaw.
    std::optional<std::string> look(const std::string& text, pid_t pid) {
        const auto line = parse_line(text);
        if (!line) {
            return fmt::format("line {} is \"{}\", not \"{} peak=KB now=KB\"", session_->looks.size() + 1,
                               vmlab::grading::shown(text, 1),
                               session_->task.lines().at(session_->looks.size()));
        }
        Look seen{.line = *line, .outside = {}, .added = {}};
        if (auto sample = vmlab::evidence::sample_process(pid)) {
            seen.outside = *sample;
        }
        seen.added = added_since_before(pid);
        session_->looks.push_back(std::move(seen));
        return std::nullopt;
    }

  private:
    /// Memory that is the program's own: heap and anonymous mappings.
    [[nodiscard]] static std::vector<std::pair<std::uint64_t, std::uint64_t>> own_memory(
        const std::vector<vmlab::evidence::Mapping>& mappings) {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
        for (const auto& mapping : mappings) {
            if (mapping.inode == 0 && mapping.permissions.starts_with("rw") && mapping.path != "[stack]") {
                ranges.emplace_back(mapping.start, mapping.end);
            }
        }
        return ranges;
    }

    std::optional<NewMemory> added_since_before(pid_t pid) {
        const auto mappings = vmlab::evidence::read_mappings(pid);
        if (!mappings || mappings->empty()) {
            return std::nullopt;
        }
        const auto now = own_memory(*mappings);
        NewMemory added;
        for (auto [start, end] : now) {
            for (const auto& [old_start, old_end] : before_) {
                // What lies below, inside and above an old range: ranges are in order, and few.
                if (old_end <= start || old_start >= end) {
                    continue;
                }
                if (old_start > start && !count(pid, start, old_start, added)) {
                    return std::nullopt;
                }
                start = std::max(start, std::min(old_end, end));
            }
            if (start < end && !count(pid, start, end, added)) {
                return std::nullopt;
            }
        }
        before_ = now;
        return added;
    }

    static bool count(pid_t pid, std::uint64_t start, std::uint64_t end, NewMemory& into) {
        const auto use = vmlab::evidence::page_use(pid, start, end - start);
        if (!use) {
            return false;
        }
        into.bytes += end - start;
        into.pages_in_use += use->present + use->swapped;
        return true;
    }

    Session* session_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> before_;
};

}  // namespace resident
