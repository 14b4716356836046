#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/grading/result.hpp"

namespace vmlab::grading {

/// Listens to GoogleTest and turns what each TEST did into a check's outcome: a Verdict is what it says, a
/// plain failed expectation is `failed`, any other exception is a grader-error.
class OutcomeRecorder : public testing::EmptyTestEventListener {
  public:
    /// `progress`: a descriptor for one line "CHECK OUTCOME" per finished check, or -1.
    OutcomeRecorder(const Activity& activity, int progress) : activity_(activity), progress_(progress) {}

    void OnTestStart(const testing::TestInfo& test) override;
    void OnTestPartResult(const testing::TestPartResult& part) override;
    void OnTestEnd(const testing::TestInfo& test) override;

    /// The result of the checks that were selected, in activity.toml's order. A check without TEST and a TEST
    /// without check are grader-errors.
    [[nodiscard]] ActivityResult result(const testing::UnitTest& tests) const;

  private:
    const Activity& activity_;
    int progress_;
    CheckResult current_;
    bool ended_by_exception_ = false;
    std::map<std::string, CheckResult> finished_;
};

}  // namespace vmlab::grading
