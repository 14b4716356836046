#include "arena/verdict.hpp"

#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace vmlab::arena {
namespace {

// Position in the log of the kill of this contestant's program.
std::optional<std::size_t> find_kill(const std::vector<evidence::OomKill>& log,
                                     const ContestantResult& contestant) {
    for (std::size_t i = 0; i < log.size(); ++i) {
        if (contestant.run.pid > 0 && log[i].pid == contestant.run.pid) {
            return i;
        }
    }
    return std::nullopt;
}

// The contestants that the log names take the same places among all, but in the log's order.
void order_by_log(std::vector<ContestantResult>& contestants,
                  const std::vector<std::optional<std::size_t>>& rows) {
    std::vector<std::size_t> named;
    std::vector<int> places;
    for (std::size_t i = 0; i < contestants.size(); ++i) {
        if (contestants[i].oom_killed && rows[i]) {
            named.push_back(i);
            places.push_back(contestants[i].died_as);
        }
    }
    std::sort(places.begin(), places.end());
    std::sort(named.begin(), named.end(), [&](std::size_t a, std::size_t b) { return rows[a] < rows[b]; });
    for (std::size_t i = 0; i < named.size(); ++i) {
        contestants[named[i]].died_as = places[i];
    }
}

}  // namespace

bool was_killed_by_someone(const process::Run& run) {
    return run.ending == process::Ending::finished && run.status.killed_by(SIGKILL);
}

void judge(std::vector<ContestantResult>& contestants, const std::vector<evidence::OomKill>& log,
           bool log_is_trusted) {
    std::vector<std::optional<std::size_t>> rows;
    std::size_t named = 0;
    for (const ContestantResult& contestant : contestants) {
        // A program that was not killed, or in whose group the kernel killed nobody, merely shares a number
        // with the log.
        const bool possible = was_killed_by_someone(contestant.run) && contestant.oom_kills > 0;
        rows.push_back(possible ? find_kill(log, contestant) : std::nullopt);
        named += rows.back() ? 1 : 0;
    }
    const bool others_were_killed = log.size() > named;
    for (std::size_t i = 0; i < contestants.size(); ++i) {
        ContestantResult& contestant = contestants[i];
        if (rows[i]) {
            contestant.log_record = log[*rows[i]];
        }
        const bool counted = was_killed_by_someone(contestant.run) && contestant.oom_kills > 0;
        const bool counted_for_another = log_is_trusted && !rows[i] && others_were_killed;
        contestant.oom_killed = counted && !counted_for_another;
    }
    order_by_log(contestants, rows);
}

}  // namespace vmlab::arena
