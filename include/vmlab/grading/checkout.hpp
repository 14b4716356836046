#pragma once

#include <filesystem>

#include "vmlab/process/error.hpp"

namespace vmlab::grading {

/// Where a checkout and what was built from it lie. Nothing of this is compiled in: a checkout may be copied,
/// moved or cloned, built or not, and then works on its own files.
struct Checkout {
    std::filesystem::path root;   ///< holds activities/ and graders/; absolute
    std::filesystem::path build;  ///< holds vmlab, graders/ and support/; absolute

    [[nodiscard]] std::filesystem::path support() const { return build / "support"; }
};

/// `build` holds the running program. The checkout is the one that `named` names (VMLAB_ROOT; nullptr or
/// empty: it is not set), else the nearest folder above `build` that holds activities/ and graders/. An Error
/// says which folder is none, and what to do. Any thread may call it.
[[nodiscard]] process::Result<Checkout> find_checkout(const std::filesystem::path& build, const char* named);

/// The executable that runs now.
[[nodiscard]] process::Result<std::filesystem::path> own_executable();

}  // namespace vmlab::grading
