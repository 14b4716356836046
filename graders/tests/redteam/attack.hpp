#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::redteam {

/// How the graders are started: each tier that a machine can have, made sure of by what is taken away.
enum class Setting {
    namespaces_as_root,
    namespaces_as_user,  ///< an ordinary user without any capability
    separate_user,       ///< root without user namespaces, with the capabilities that Docker leaves
    none,
};
[[nodiscard]] std::string name_of(Setting setting);

/// One hostile or broken submission: the folder ROW-NAME below graders/tests/redteam, see README.md there.
struct Attack {
    std::string name;
    std::filesystem::path folder;

    int row = 0;           ///< of the table of threats
    std::string activity;  ///< "01-heap-growth"
    std::string why;
    std::vector<std::string> checks;  ///< these are graded
    std::vector<std::string> fails;   ///< exactly these of them do not pass
    std::map<std::string, std::string>
        reasons;  ///< check -> "crashed|timed-out", where it is not wrong-result
    /// The same where no memory cgroup can be put around a run.
    std::map<std::string, std::string> reasons_unguarded;
    std::map<std::string, std::string> outcomes;  ///< check -> outcome, where it is not failed
    std::map<std::string, std::string> special;   ///< file -> "fifo", "folder", "huge" or "link PATH"
    std::map<std::string, std::string> extra;     ///< file that was not asked for -> its content
    std::map<std::string, std::string>
        places;                         ///< below /usr -> how a checkout comes there (with-checkouts-at)
    std::vector<std::string> settings;  ///< only in these; default: all but none
};

/// Every attack below the folder, by name; an Error names the expect.toml that is wrong.
[[nodiscard]] process::Result<std::vector<Attack>> find_attacks(const std::filesystem::path& folder);

/// What an attack may be told of this machine: "@SOURCE@" in its files becomes this, and so on.
using Placeholders = std::map<std::string, std::string>;

/// Puts the submission together in INTO/ACTIVITY/: the solution's files under the attack's.
[[nodiscard]] process::Result<void> lay_out(const Attack& attack, const std::filesystem::path& source,
                                            const Placeholders& placeholders,
                                            const std::filesystem::path& into);

}  // namespace vmlab::redteam
