#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// A kernel module, ready for finit_module(2).
struct KernelModule {
    std::string name;  ///< "virtio_blk"
    std::string content;
};

/// The wanted modules and those that they depend on, each after those. What is built into the kernel is left
/// out. `folder` is the kernel's lib/modules/RELEASE; depmod's files are not needed. machine_lacks: the
/// kernel has no such module, neither built in nor as a file, or no tool unpacks it; one that is only welcome
/// is then left out.
[[nodiscard]] process::Result<std::vector<KernelModule>> modules_for(
    const std::filesystem::path& folder, const std::vector<std::string_view>& wanted,
    const std::vector<std::string_view>& welcome = {});

/// The names behind "depends=" in a module's .modinfo section.
[[nodiscard]] std::vector<std::string> dependencies_of(std::string_view module_content);

}  // namespace vmlab::arena
