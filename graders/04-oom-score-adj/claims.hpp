#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/grading/output.hpp"

namespace oom_score {

/// A number that the program printed, and on which line (counted from 0).
struct Claim {
    std::int64_t number = 0;
    std::size_t line = 0;
};

/// A line "ADDRESS TOTAL MB".
struct ChunkClaim {
    std::uint64_t address = 0;
    std::uint64_t total_mb = 0;
    std::size_t line = 0;
};

/// What the program says on stdout: nothing of it is believed yet.
struct Claims {
    std::optional<Claim> pid;
    std::optional<Claim> before;
    std::optional<Claim> after;
    std::vector<ChunkClaim> chunks;
    std::optional<std::string> unexpected;  ///< the first line that the contract does not know
};

/// A pid or a score; a minus sign is read, so that a card can show it.
inline std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

/// The number that follows `label` and ends the line.
inline std::optional<std::int64_t> labelled(std::string_view line, std::string_view label) {
    if (!line.starts_with(label)) {
        return std::nullopt;
    }
    return number_in(line.substr(label.size()));
}

inline std::optional<ChunkClaim> chunk_in(std::string_view line) {
    constexpr std::string_view unit = " MB";
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || !line.ends_with(unit) || line.size() < space + 1 + unit.size()) {
        return std::nullopt;
    }
    const auto address = vmlab::grading::address_of(line.substr(0, space));
    const auto total =
        vmlab::grading::whole_number(line.substr(space + 1, line.size() - space - 1 - unit.size()));
    if (!address || !total) {
        return std::nullopt;
    }
    return ChunkClaim{*address, *total, 0};
}

inline Claims claims_in(const std::vector<std::string>& lines) {
    Claims claims;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (const auto pid = labelled(lines[i], "Process ID: "); pid && !claims.pid) {
            claims.pid = Claim{*pid, i};
        } else if (const auto before = labelled(lines[i], "oom_score before: "); before && !claims.before) {
            claims.before = Claim{*before, i};
        } else if (const auto after = labelled(lines[i], "oom_score after: "); after && !claims.after) {
            claims.after = Claim{*after, i};
        } else if (const auto chunk = chunk_in(lines[i])) {
            claims.chunks.push_back({chunk->address, chunk->total_mb, i});
        } else if (!claims.unexpected) {
            claims.unexpected = lines[i];
        }
    }
    return claims;
}

/// Whether those lines that there are come as the contract says: all of them before the first chunk.
inline bool in_order(const Claims& claims) {
    std::vector<std::size_t> lines;
    for (const auto& claim : {claims.pid, claims.before, claims.after}) {
        if (claim) {
            lines.push_back(claim->line);
        }
    }
    if (!claims.chunks.empty()) {
        lines.push_back(claims.chunks.front().line);
    }
    return std::is_sorted(lines.begin(), lines.end());
}

}  // namespace oom_score
