#include "grading/outcome_recorder.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <exception>
#include <set>

#include "grading/check_list.hpp"
#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {

namespace {

void take(CheckResult& result, const Verdict& verdict) {
    result.outcome = verdict.kind();
    result.reason = verdict.reason();
    result.card = verdict.card();
}

/// GoogleTest reports an exception from within its handler: there it is the current one.
void take_current_exception(CheckResult& result) {
    try {
        std::rethrow_exception(std::current_exception());
    } catch (const Verdict& verdict) {
        take(result, verdict);
    } catch (const std::exception& error) {
        result.outcome = OutcomeKind::grader_error;
        result.card.observed = fmt::format("the check ended with an exception: {}", error.what());
    } catch (...) {
        result.outcome = OutcomeKind::grader_error;
        result.card.observed = "the check ended with an unknown exception";
    }
}

}  // namespace

void OutcomeRecorder::OnTestStart(const testing::TestInfo& test) {
    current_ = {};
    current_.name = test.name();
    current_.outcome = OutcomeKind::passed;
    ended_by_exception_ = false;
    if (const CheckInfo* info = activity_.check(current_.name)) {
        current_.title = info->title;
        current_.max_score = info->points;
    }
}

void OutcomeRecorder::OnTestPartResult(const testing::TestPartResult& part) {
    if (part.passed() || ended_by_exception_) {
        return;
    }
    if (part.skipped()) {
        current_.outcome = OutcomeKind::grader_error;
        current_.card.observed = "the check was skipped: it must say what it lacks, with cannot_judge";
        return;
    }
    // An exception has no place in a file; an expectation has, even within a handler.
    if (part.file_name() == nullptr && std::current_exception()) {
        ended_by_exception_ = true;
        take_current_exception(current_);
        return;
    }
    if (current_.outcome != OutcomeKind::passed) {
        return;  // the first failed expectation tells most
    }
    current_.outcome = OutcomeKind::failed;
    current_.reason = Reason::wrong_result;
    current_.card.observed = part.message();
}

void OutcomeRecorder::OnTestEnd(const testing::TestInfo& test) {
    current_.seconds = static_cast<double>(test.result()->elapsed_time()) / 1000.0;
    if (current_.outcome == OutcomeKind::passed) {
        current_.score = current_.max_score;
    }
    if (const CheckInfo* info = activity_.check(current_.name);
        info != nullptr && current_.outcome == OutcomeKind::failed && current_.card.why.empty()) {
        current_.card.why = info->why;
    }
    if (progress_ >= 0) {
        const std::string line = fmt::format("{} {}\n", current_.name, name_of(current_.outcome));
        [[maybe_unused]] const ssize_t written = write(progress_, line.data(), line.size());
    }
    if (!finished_.emplace(current_.name, current_).second) {
        finished_[current_.name] = grader_error({current_.name, current_.title, current_.max_score},
                                                fmt::format("the check {} ran twice", current_.name));
    }
}

ActivityResult OutcomeRecorder::result(const testing::UnitTest& tests) const {
    ActivityResult result;
    result.number = activity_.number;
    result.slug = activity_.slug;
    result.title = activity_.title;
    std::set<std::string> known;
    std::set<std::string> selected;
    for (int i = 0; i < tests.total_test_suite_count(); ++i) {
        const testing::TestSuite& suite = *tests.GetTestSuite(i);
        for (int k = 0; k < suite.total_test_count(); ++k) {
            const testing::TestInfo& test = *suite.GetTestInfo(k);
            known.insert(test.name());
            if (test.should_run()) {
                selected.insert(test.name());
            }
        }
    }
    for (const CheckInfo& check : activity_.checks) {
        if (const auto found = finished_.find(check.name); found != finished_.end()) {
            result.checks.push_back(found->second);
        } else if (known.count(check.name) == 0) {
            result.checks.push_back(
                grader_error(check, fmt::format("checks.cpp has no TEST called {}", check.name)));
        } else if (selected.count(check.name) != 0) {
            result.checks.push_back(
                grader_error(check, fmt::format("the check {} did not come to its end", check.name)));
        }
        known.erase(check.name);
    }
    for (const std::string& name : known) {
        result.checks.push_back(
            grader_error({name, name, 0}, fmt::format("activity.toml has no check called {}", name)));
    }
    return result;
}

}  // namespace vmlab::grading
