#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "arena/vm/wire/wire.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// Makes `folder`/disk, the machine's disk with what a run needs: an ext4 file system with the file `order`
/// and the folder `files`, which holds copies of the readable files and folders at their places on this
/// machine. Links, devices and sockets in them are left out; an absent file is an Error, as in the sandbox.
[[nodiscard]] process::Result<std::filesystem::path> make_vm_disk(
    const std::filesystem::path& folder, const wire::Order& order,
    const std::vector<std::filesystem::path>& readable);

/// Makes `folder`/disk with nothing but zeros, for the snapshot.
[[nodiscard]] process::Result<std::filesystem::path> make_empty_vm_disk(const std::filesystem::path& folder);

}  // namespace vmlab::arena
