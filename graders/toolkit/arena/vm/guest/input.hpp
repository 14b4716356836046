#pragma once

#include "arena/vm/wire/wire.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::guest {

/// Waits, as long as it takes, until the disk holds an ext4 file system. The snapshot is taken meanwhile: the
/// disk that is found is another machine's.
[[nodiscard]] process::Result<void> wait_for_input();

/// Reads the order from the disk and copies its `files` to the places that their paths tell.
[[nodiscard]] process::Result<arena::wire::Order> take_input();

}  // namespace vmlab::guest
