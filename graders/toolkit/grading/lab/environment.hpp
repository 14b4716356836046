#pragma once

#include "vmlab/grading/result.hpp"

namespace vmlab::grading {

/// The kernel's release and the versions of Valgrind and g++ ("none" where a tool is missing). Arena and
/// isolation are left empty: the lab knows them.
[[nodiscard]] Environment describe_machine();

}  // namespace vmlab::grading
