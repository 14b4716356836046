#pragma once

namespace vmlab::arena {

/// Removes the arenas of this process and kills what runs in them; none can be made afterwards. Its temporary
/// folders go as well: the VM arena's disks are there. For a process that is about to end by a signal.
/// Returns how many cgroups.
int remove_own_arenas();

}  // namespace vmlab::arena
