#pragma once

// Landlock (kernel documentation, userspace-api/landlock): limits that a process puts on itself and on all
// that it starts. In force wherever the kernel has it; without it nothing changes.
namespace vmlab::inside {

/// 0 where this kernel has no Landlock, or does not let us use it.
[[nodiscard]] int landlock_version();

/// From now on this process cannot reach into others than those it starts: not by ptrace(2), and so not by
/// /proc/PID/mem either, which no system call filter can tell from other files. Files are as open as before.
/// Needs PR_SET_NO_NEW_PRIVS. False: the kernel refused (errno).
[[nodiscard]] bool stay_out_of_other_processes();

/// A folder of which a part is hidden is shown piece by piece.
inline constexpr int most_places = 16384;

/// Files and folders that may be reached, with what is in them; those that are not there are passed over.
struct View {
    const char* readable[most_places];  ///< and executed
    int readable_count;
    const char* writable[64];
    int writable_count;
};

/// From now on no other files than these can be opened, made or removed. Includes the above.
[[nodiscard]] bool show_only(const View& view);

}  // namespace vmlab::inside
