#pragma once

#include <string>
#include <vector>

namespace vmlab::process {

/// The environment of every trusted tool and of every grader, "NAME=value", made from nothing: what the user
/// has set for other programs (LD_PRELOAD, GTEST_FILTER, VALGRIND_OPTS, a locale) must not change a verdict.
/// Only where files are to be made and found comes from ours: TMPDIR, HOME, XDG_CACHE_HOME and what the lab
/// itself documents (VMLAB_...).
[[nodiscard]] std::vector<std::string> tool_environment();

/// For a grader that somebody starts by hand: where our environment is another one, this program is executed
/// anew with that. Some of it acts before main() does (LD_PRELOAD, GLIBC_TUNABLES, GTEST_FILTER). To be
/// called first, with main's own arguments; returns where nothing is to be changed, or where it cannot be.
void insist_on_tool_environment(char** argv);

}  // namespace vmlab::process
