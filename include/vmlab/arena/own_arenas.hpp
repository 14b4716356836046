#pragma once

namespace vmlab::arena {

/// Removes the arenas of this process and kills what runs in them; none can be made afterwards. For a process
/// that is about to end by a signal. Returns how many.
int remove_own_arenas();

}  // namespace vmlab::arena
