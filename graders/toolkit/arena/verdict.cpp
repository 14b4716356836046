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

bool may_be_oom_killed(const ContestantResult& contestant) {
    const process::Run& run = contestant.run;
    const bool killed = run.ending == process::Ending::finished && run.status.killed_by(SIGKILL);
    return contestant.oom_kills > 0 && (killed || run.ending == process::Ending::stopped);
}

void judge(std::vector<ContestantResult>& contestants, const std::vector<evidence::OomKill>& log,
           bool log_is_trusted) {
    std::vector<std::optional<std::size_t>> rows;
    std::size_t named = 0;
    for (const ContestantResult& contestant : contestants) {
        // A contestant in whose group the kernel killed nobody merely shares a number with the log.
        rows.push_back(may_be_oom_killed(contestant) ? find_kill(log, contestant) : std::nullopt);
        named += rows.back() ? 1 : 0;
    }
    const bool others_were_killed = log.size() > named;
    for (std::size_t i = 0; i < contestants.size(); ++i) {
        ContestantResult& contestant = contestants[i];
        process::Run& run = contestant.run;
        if (rows[i] && run.ending == process::Ending::stopped && log_is_trusted) {
            run.ending = process::Ending::finished;
            run.status = {.code = std::nullopt, .signal = SIGKILL};
        }
        const bool killed = may_be_oom_killed(contestant) && run.ending == process::Ending::finished;
        const bool counted_for_another = log_is_trusted && !rows[i] && others_were_killed;
        contestant.oom_killed = killed && !counted_for_another;
        if (contestant.oom_killed && rows[i]) {
            contestant.log_record = log[*rows[i]];
        }
    }
    order_by_log(contestants, rows);
}

}  // namespace vmlab::arena
