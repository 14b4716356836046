#pragma once

namespace vmlab::inside {

/// Removes what the user that this process is (never root) owns in its working folder, in the folders that
/// every user may write to, and among the machine's System V objects. For a process that was alone with its
/// uid: when nothing of that uid runs any more, nothing moves meanwhile.
void remove_remains();

}  // namespace vmlab::inside
