#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace free_loop {

constexpr std::int64_t mebibyte = 1 << 20;
/// By then a program has all that it needs at once.
constexpr std::size_t early_round = 10;

/// Memory that grows and goes on growing.
struct Growth {
    std::size_t from = 0;  ///< lines, counted from 1
    std::size_t to = 0;
    std::int64_t bytes = 0;
};

/// What a program held at each of its lines (by line, from the first) shows, from line `from` on. A leak
/// makes the memory larger than ever before again and again. Memory that is taken once, however late (a
/// buffer, a thread's stack, a longer history), is no leak.
inline std::optional<Growth> growth_of(const std::vector<std::int64_t>& held, std::size_t from) {
    constexpr int often = 3;
    if (from < 1 || from > held.size()) {
        return std::nullopt;
    }
    int times = 0;
    std::int64_t most = *std::max_element(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(from));
    Growth growth{from, from, 0};
    const std::int64_t first = most;
    for (std::size_t line = from + 1; line <= held.size(); ++line) {
        if (held[line - 1] > most + mebibyte) {
            most = held[line - 1];
            growth.to = line;
            ++times;
        }
    }
    growth.bytes = most - first;
    return times >= often ? std::optional(growth) : std::nullopt;
}

/// The least of each value and the few behind it: what comes and goes within a round goes out of it.
inline std::vector<std::int64_t> settled(const std::vector<std::int64_t>& values) {
    constexpr std::size_t window = 5;
    std::vector<std::int64_t> least;
    for (std::size_t i = 0; i + window <= values.size(); ++i) {
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i);
        least.push_back(*std::min_element(begin, begin + window));
    }
    return least;
}

/// The middle one; 0 of none.
inline std::int64_t median(std::vector<std::int64_t> values) {
    if (values.empty()) {
        return 0;
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace free_loop
