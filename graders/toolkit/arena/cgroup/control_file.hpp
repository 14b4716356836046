#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// Writes one value to a control file of a cgroup in one write(2), as the kernel wants it. Never creates the
/// file.
[[nodiscard]] process::Result<void> write_control_file(const std::filesystem::path& path,
                                                       std::string_view value);

/// The number after `key` in the lines "KEY NUMBER" of a control file. Absent: no such line, or no number.
[[nodiscard]] std::optional<std::uint64_t> counter_in(std::string_view text, std::string_view key);

/// The number that is all of a control file's text. Absent: it is not a number ("max").
[[nodiscard]] std::optional<std::uint64_t> number_in(std::string_view text);

/// The words of a control file ("cpu memory pids").
[[nodiscard]] std::vector<std::string> words_in(std::string_view text);
[[nodiscard]] bool has_word(std::string_view text, std::string_view word);

}  // namespace vmlab::arena
