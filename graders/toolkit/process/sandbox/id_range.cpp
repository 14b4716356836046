#include "process/sandbox/id_range.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace vmlab::process {

namespace {

std::vector<IdRange> mapped(const std::string& map) {
    std::vector<IdRange> ranges;
    std::istringstream rows(map);
    std::uint64_t inside = 0;
    std::uint64_t outside = 0;
    std::uint64_t count = 0;
    while (rows >> inside >> outside >> count) {
        ranges.push_back({inside, count});
    }
    return ranges;
}

/// What both maps have of the range, as far as it is in one piece; the largest piece.
IdRange common_part(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids,
                    const IdRange& range) {
    IdRange best{0, 0};
    for (const IdRange& uid : uids) {
        for (const IdRange& gid : gids) {
            const std::uint64_t first = std::max({uid.first, gid.first, range.first});
            const std::uint64_t end =
                std::min({uid.first + uid.count, gid.first + gid.count, range.first + range.count});
            if (end > first && end - first > best.count) {
                best = {first, end - first};
            }
        }
    }
    return best;
}

}  // namespace

std::optional<IdRange> range_for_runs(const std::string& uid_map, const std::string& gid_map) {
    constexpr std::uint64_t enough = 1000;
    constexpr IdRange high{1U << 30U, 1U << 30U};
    constexpr IdRange low{20'000, 40'000};
    constexpr IdRange any{1'000, (std::uint64_t{1} << 32U) - 2'000};
    const std::vector<IdRange> uids = mapped(uid_map);
    const std::vector<IdRange> gids = mapped(gid_map);
    if (const IdRange part = common_part(uids, gids, high); part.count == high.count) {
        return part;
    }
    for (const IdRange& wanted : {low, any}) {
        if (const IdRange part = common_part(uids, gids, wanted); part.count >= enough) {
            return part;
        }
    }
    return std::nullopt;
}

}  // namespace vmlab::process
