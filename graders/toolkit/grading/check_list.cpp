#include "grading/check_list.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace vmlab::grading {

namespace {

CheckResult agreed(const CheckInfo& check, const std::vector<const CheckResult*>& found) {
    if (found.empty()) {
        return grader_error(check, fmt::format("the grader's result lacks the check {}", check.name));
    }
    if (found.size() > 1) {
        return grader_error(
            check, fmt::format("the grader's result has the check {} {} times", check.name, found.size()));
    }
    const CheckResult& one = *found.front();
    const bool earned = one.outcome == OutcomeKind::passed;
    if (one.max_score != check.points || one.score != (earned ? check.points : 0)) {
        return grader_error(
            check, fmt::format("the grader's result has {} of {} points for {} ({}), and the "
                               "check is worth {}",
                               one.score, one.max_score, check.name, name_of(one.outcome), check.points));
    }
    return one;
}

}  // namespace

CheckResult grader_error(const CheckInfo& check, std::string what) {
    CheckResult result;
    result.name = check.name;
    result.title = check.title;
    result.max_score = check.points;
    result.outcome = OutcomeKind::grader_error;
    result.card.observed = std::move(what);
    result.card.why = "This is the grader's fault, not yours: nothing was judged.";
    result.card.next = "Tell whoever maintains this grader.";
    return result;
}

std::vector<CheckResult> agreed_checks(const std::vector<CheckResult>& found, const Activity& activity,
                                       const std::vector<std::string>& wanted) {
    std::vector<CheckResult> checks;
    for (const CheckInfo& check : activity.checks) {
        if (!wanted.empty() && std::ranges::find(wanted, check.name) == wanted.end()) {
            continue;
        }
        std::vector<const CheckResult*> same;
        for (const CheckResult& each : found) {
            if (each.name == check.name) {
                same.push_back(&each);
            }
        }
        checks.push_back(agreed(check, same));
    }
    for (const CheckResult& each : found) {
        const bool is_known =
            std::ranges::any_of(checks, [&](const CheckResult& check) { return check.name == each.name; });
        if (!is_known) {
            // The grader's own complaint about a TEST that activity.toml does not know.
            checks.push_back(each.outcome == OutcomeKind::grader_error
                                 ? each
                                 : grader_error({each.name, each.name, 0},
                                                fmt::format("activity.toml has no check called {}, or it was "
                                                            "not asked for",
                                                            each.name)));
        }
    }
    return checks;
}

}  // namespace vmlab::grading
