#pragma once

#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "vmlab/process/error.hpp"

namespace vmlab::grading {

/// Parses TOML text. An Error says "FILE, line L, column C: WHAT".
[[nodiscard]] process::Result<toml::table> parse_toml(std::string_view text, const std::string& file);

/// ", line L" of a node that came from a text; empty when it has no place in one.
[[nodiscard]] std::string line_of(const toml::node& node);

}  // namespace vmlab::grading
