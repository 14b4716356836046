#pragma once

namespace vmlab::process {

/// Lets what this process starts, and what that starts, be found by end_descendants even when a process
/// between them has ended (prctl(2), PR_SET_CHILD_SUBREAPER).
void adopt_descendants();

/// Kills everything below this process and waits a moment until it is gone: for a process that is about to
/// end by a signal. Zombies do not count.
void end_descendants();

}  // namespace vmlab::process
