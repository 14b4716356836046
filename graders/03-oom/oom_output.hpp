#pragma once

// What oom prints, read strictly: "ADDRESS TOTAL", "reached TOTAL bytes", "malloc returned NULL after TOTAL
// bytes".

#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "vmlab/evidence/allocation_trace.hpp"

namespace oom_output {

/// A line "ADDRESS TOTAL".
struct Progress {
    std::uint64_t address = 0;
    std::uint64_t total = 0;
};

inline std::optional<std::uint64_t> whole_number(const std::string& text) {
    if (text.empty() || text.size() > 19 || text.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    return std::stoull(text);
}

inline std::optional<Progress> progress(const std::string& line) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos || !line.starts_with("0x")) {
        return std::nullopt;
    }
    const std::vector<std::uint64_t> address = vmlab::evidence::addresses_in(line.substr(0, space));
    const std::optional<std::uint64_t> total = whole_number(line.substr(space + 1));
    if (address.size() != 1 || !total) {
        return std::nullopt;
    }
    return Progress{address.front(), *total};
}

/// The number in a line "BEFORE number bytes".
inline std::optional<std::uint64_t> bytes_after(const std::string& before, const std::string& line) {
    if (!line.starts_with(before + " ") || !line.ends_with(" bytes") || line.size() < before.size() + 8) {
        return std::nullopt;
    }
    return whole_number(line.substr(before.size() + 1, line.size() - before.size() - 7));
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

inline std::string last_line(const std::string& text) {
    const std::vector<std::string> lines = lines_of(text);
    return lines.empty() ? std::string() : lines.back();
}

/// The largest TOTAL on the progress lines.
inline std::uint64_t last_total(const std::string& text) {
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
