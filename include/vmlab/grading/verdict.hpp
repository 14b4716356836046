#pragma once

#include <exception>
#include <optional>
#include <string>

#include "vmlab/grading/result.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/run.hpp"

namespace vmlab::grading {

/// Ends a check with an outcome other than passed. Thrown within a TEST, or while its evidence is gathered;
/// never leaves the grading room. what() is the failure card as text, so that GoogleTest's own output shows
/// it.
class Verdict : public std::exception {
  public:
    Verdict(OutcomeKind kind, std::optional<Reason> reason, Card card);
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
    [[nodiscard]] OutcomeKind kind() const { return kind_; }
    [[nodiscard]] std::optional<Reason> reason() const { return reason_; }
    [[nodiscard]] const Card& card() const { return card_; }

  private:
    OutcomeKind kind_;
    std::optional<Reason> reason_;
    Card card_;
    std::string text_;
};

[[noreturn]] void fail(Card card, Reason reason = Reason::wrong_result);
/// This machine lacks what the check needs. Never a pass, never a zero.
[[noreturn]] void cannot_judge(std::string lacking, std::string fix);
/// Two witnesses disagree in a way that honest code cannot produce.
[[noreturn]] void suspect_tampering(Card card);
/// Turns an error at a room's boundary into cannot-judge (machine_lacks) or grader-error (failed).
[[noreturn]] void raise(const process::Error& error);

/// The value, or the verdict that its error means.
template <class T>
T value_or_verdict(process::Result<T> result) {
    if (!result) {
        raise(result.error());
    }
    return std::move(*result);
}

/// Fails with reason timed-out, output-limit or crashed (a signal) unless the run finished by exiting.
/// `doing` completes "while": "running heap_growth under Memcheck".
void expect_exit(const process::Run& run, const std::string& doing);
/// expect_exit, and the given exit status.
void expect_exit_status(const process::Run& run, int status, const std::string& doing);

/// First `lines` lines of a text, control characters made visible, cut to a width that a card can show.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t lines = 8);

}  // namespace vmlab::grading
