#include "cli/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace vmlab::cli {

namespace {

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t exchanged = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({exchanged, row[j + 1] + 1, row[j] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& known) {
    std::optional<std::string> best;
    std::size_t least = 0;
    for (const std::string& each : known) {
        const std::size_t steps = distance(name, each);
        if (steps <= std::max(name.size(), each.size()) / 3 && (!best || steps < least)) {
            best = each;
            least = steps;
        }
    }
    return best;
}

}  // namespace vmlab::cli
