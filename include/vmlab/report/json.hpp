#pragma once

#include <string>

#include "vmlab/grading/result.hpp"

namespace vmlab::report {

/// Schema vmlab/result/v1 (docs/result-format.md). Always valid UTF-8: bytes that are not become U+FFFD.
[[nodiscard]] std::string render_json(const grading::Result& result);

}  // namespace vmlab::report
