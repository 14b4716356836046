#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "vmlab/process/error.hpp"

namespace vmlab::grading {

enum class OutcomeKind { passed, failed, cannot_judge, tamper_suspected, grader_error };
enum class Reason {
    wrong_result,
    build_error,
    crashed,
    timed_out,
    out_of_memory,
    output_limit,
    missing_file
};
[[nodiscard]] std::string_view name_of(OutcomeKind kind);  ///< "passed", "cannot-judge", ...
[[nodiscard]] std::string_view name_of(Reason reason);     ///< "wrong-result", ...
[[nodiscard]] std::optional<OutcomeKind> outcome_kind(std::string_view name);
[[nodiscard]] std::optional<Reason> reason_of(std::string_view name);

/// What a check that did not pass shows. For cannot-judge: `observed` says what the machine lacks, `next` how
/// to get it.
struct Card {
    std::string expected = {};
    std::string observed = {};
    std::string evidence = {};  ///< a row of a trace, of /proc, of a log; or of the program's own output
    std::string why = {};       ///< why it matters: what this teaches
    std::string next = {};      ///< the next command to try
    bool operator==(const Card&) const = default;
};

struct CheckResult {
    std::string name;
    std::string title;
    OutcomeKind outcome = OutcomeKind::grader_error;
    std::optional<Reason> reason;  ///< of a failed outcome
    int score = 0;
    int max_score = 0;
    double seconds = 0;
    Card card;  ///< empty when passed
};

struct ActivityResult {
    int number = 0;
    std::string slug;
    std::string title;
    std::vector<CheckResult> checks;
    /// What a person should know of the files that were graded, a sentence each: that one was taken from
    /// another place than its own, for example.
    std::vector<std::string> notes = {};

    [[nodiscard]] int score() const;
    [[nodiscard]] int max_score() const;
    /// Points of the checks that could be judged: those that passed or failed.
    [[nodiscard]] int judged_max_score() const;
    /// True when a check is tamper-suspected.
    [[nodiscard]] bool score_withheld() const;
};

/// The machine that a result was found on.
struct Environment {
    std::string arena;      ///< "cgroup1", ..., or "none: WHY"
    std::string isolation;  ///< "namespaces", ...
    std::string kernel;
    std::string valgrind;
    std::string compiler;
    std::string isolation_lacks = {};  ///< what that tier does not keep from programs here; empty: nothing
};

/// The one result model of a submission: every renderer is a function of it. JSON schema: vmlab/result/v1
/// (docs).
struct Result {
    std::string vmlab_version;
    Environment environment;
    std::vector<ActivityResult> activities;

    [[nodiscard]] int score() const;
    [[nodiscard]] int max_score() const;
    [[nodiscard]] int judged_max_score() const;
    /// True when a check is tamper-suspected: then no score is given and a person is asked for.
    [[nodiscard]] bool score_withheld() const;
    /// The command's exit status: 0 all passed, 1 some failed, 3 something could not be judged and nothing
    /// failed, 4 grader error or tamper suspected (or no check at all: nothing was found out).
    [[nodiscard]] int exit_status() const;
};

/// Where a score is withheld, "score" is null.
[[nodiscard]] nlohmann::json to_json(const Result& result);
/// The same as text, indented, ending with a newline. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string to_json_text(const Result& result);
/// An Error when the text is no vmlab/result/v1.
[[nodiscard]] process::Result<Result> result_from_json(std::string_view text);

}  // namespace vmlab::grading
