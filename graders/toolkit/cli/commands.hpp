#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/grading_session.hpp"
#include "cli/place.hpp"

// One function for each subcommand of vmlab. Each returns the command's exit status (DESIGN: 0 all passed, 1
// some failed, 2 usage or bad input, 3 something could not be judged and nothing failed, 4 grader error or
// tamper suspected).

namespace vmlab::cli {

int show_dashboard(const Place& place);

int show_list(const Place& place);

struct GradeRequest {
    std::vector<int> numbers;  ///< none: every activity
    std::optional<std::filesystem::path> submission;
    std::string format = "text";
    std::optional<std::filesystem::path> output;
    std::string arena = "auto";
    std::string isolation = "auto";
    int jobs = 0;
    bool profile = false;  ///< say on stderr what was run, and what it took
};
int grade_command(const Place& place, const GradeRequest& request);

int show_hint(const Place& place, int number);

struct ResetRequest {
    int number = 0;
    std::vector<std::string> files;  ///< none: every submitted file
};
int reset_command(const Place& place, const ResetRequest& request);

struct ShowRequest {
    int number = 0;
    std::string what = "starter";
    std::string file;  ///< empty: the activity's first
};
/// Prints a file as it was shipped, and changes none.
int show_command(const Place& place, const ShowRequest& request);

struct RunRequest {
    int number = 0;
    std::string program;  ///< empty: the activity's first
    std::vector<std::string> arguments;
    std::optional<int> memory_mb;  ///< absent: 256, or 128 where it is a whole machine's
    int seconds = 600;
    /// A whole machine only: SysRq f when the program has printed so many lines.
    std::optional<int> sysrq_f_after;
    /// A whole machine only: the same program once more, at this oom_score_adj.
    std::optional<int> beside;
    /// A whole machine only: so much swap, in MiB.
    std::optional<int> swap_mb;
    std::string arena = "auto";
    std::string isolation = "auto";
};
int run_command(const Place& place, const RunRequest& request);

/// A wrong submission of the corpus.
struct DevShowRequest {
    std::string name;                           ///< "03-oom/total-in-kib", "3/total-in-kib"
    bool program = false;                       ///< its files instead of a diff against the solution
    std::optional<std::filesystem::path> into;  ///< write it there, as a submission
};
int dev_show_command(const Place& place, const DevShowRequest& request);

/// `strict`: exit status 3 where something that a check needs is missing.
int doctor_command(const Place& place, bool strict);

}  // namespace vmlab::cli
