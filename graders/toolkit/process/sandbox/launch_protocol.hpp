#pragma once

// What vmlab-launch and the sandbox agree on. vmlab-launch is the static helper that starts a program inside
// the sandbox:
//
//     vmlab-launch run  [options] -- PROGRAM ARGUMENTS    starts it as a child, reports its end, kills what
//     it left vmlab-launch exec [options] -- PROGRAM ARGUMENTS    becomes it (used below strace)

namespace vmlab::process {

/// One packet on the status socket. The receiver asks for SCM_CREDENTIALS: the kernel itself tells the
/// sender's pid, in the receiver's own pid namespace.
struct LaunchMessage {
    enum Kind : int {
        starting =
            1,  ///< sent by the program's own process just before execve; value: its pid as it sees itself
        ended = 2,           ///< value: the wait status
        not_started = 3,     ///< value: errno of what failed
        used_memory = 4,     ///< sent before `ended`; value: KiB that the largest process had resident
        used_processor = 5,  ///< sent before `ended`; value: milliseconds, of all processes together
    };
    int kind;
    int value;
};

inline constexpr int status_descriptor = 900;
inline constexpr int filter_descriptor = 902;

}  // namespace vmlab::process
