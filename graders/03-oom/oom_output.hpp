#pragma once

// What oom prints: "ADDRESS TOTAL", "reached TOTAL bytes", "malloc returned NULL after TOTAL bytes". The form
// is read strictly, the numbers by their value.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vmlab/grading/output.hpp"

namespace oom_output {

using vmlab::grading::last_line;
using vmlab::grading::lines_of;

/// A line "ADDRESS TOTAL".
struct Progress {
    std::uint64_t address = 0;
    std::uint64_t total = 0;

    bool operator==(const Progress&) const = default;
    [[nodiscard]] std::string text() const { return fmt::format("{:#x} {}", address, total); }
};

inline std::optional<Progress> progress(std::string_view line) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) {
        return std::nullopt;
    }
    const auto address = vmlab::grading::address_of(line.substr(0, space));
    const auto total = vmlab::grading::whole_number(line.substr(space + 1));
    if (!address || !total) {
        return std::nullopt;
    }
    return Progress{*address, *total};
}

/// The number in a line "BEFORE number bytes".
inline std::optional<std::uint64_t> bytes_after(std::string_view before, std::string_view line) {
    constexpr std::string_view unit = " bytes";
    if (!line.starts_with(before) || !line.ends_with(unit) || line.size() < before.size() + 1 + unit.size() ||
        line[before.size()] != ' ') {
        return std::nullopt;
    }
    line.remove_prefix(before.size() + 1);
    line.remove_suffix(unit.size());
    return vmlab::grading::whole_number(line);
}

/// The largest TOTAL on the progress lines.
inline std::uint64_t last_total(std::string_view text) {
    std::uint64_t total = 0;
    for (const std::string& line : lines_of(text)) {
        total = std::max(total, progress(line).value_or(Progress{}).total);
    }
    return total;
}

/// Where the total may stand when the limit has been reached. With a limit that is no multiple of the chunk
/// three readings are fair: a last whole block beyond it, no block beyond it, or a last block that is cut to
/// fit.
inline bool may_reach(std::uint64_t total, std::uint64_t limit, std::uint64_t chunk) {
    return total == limit || (total % chunk == 0 && total + chunk > limit && total < limit + chunk);
}

}  // namespace oom_output
