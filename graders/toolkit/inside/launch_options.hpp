#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "landlock.hpp"

namespace vmlab::inside {

struct LimitOption {
    const char* name;
    __rlimit_resource resource;
    rlim_t value;
    bool set;
};

struct Options {
    int status = -1;
    int filter = -1;
    int stderr_from = -1;
    bool has_user = false;
    uid_t user = 0;
    bool announce = true;
    const char* oom_score_adj = nullptr;  ///< what to write there; absent: nothing
    bool kill_descendants = false;
    bool huge_pages = true;
    bool random_addresses = true;
    unsigned long touched_first = 0;  ///< bytes
    char* called = nullptr;           ///< argv[0] of the program, when it is not its path
    int keep[16] = {};                // the last place is for `status`
    int keep_count = 0;
    LimitOption limits[9] = {{"nofile", RLIMIT_NOFILE, 0, false},  {"cpu", RLIMIT_CPU, 0, false},
                             {"fsize", RLIMIT_FSIZE, 0, false},    {"nproc", RLIMIT_NPROC, 0, false},
                             {"as", RLIMIT_AS, 0, false},          {"data", RLIMIT_DATA, 0, false},
                             {"stack", RLIMIT_STACK, 0, false},    {"core", RLIMIT_CORE, 0, false},
                             {"memlock", RLIMIT_MEMLOCK, 0, false}};
    bool has_view = false;
    View view = {};
    char** program = nullptr;
};

/// What vmlab-launch is told after "run" or "exec", up to "--", and the program behind it. Ends this process
/// when it is nonsense.
[[nodiscard]] Options parse(char** arguments);

/// Tells the grader that the program could not be started, with errno, and ends this process.
[[noreturn]] void die(const Options& options, const char* what);

}  // namespace vmlab::inside
