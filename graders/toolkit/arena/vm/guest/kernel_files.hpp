#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// The small files by which the kernel tells and is told things (/proc, /sys, cgroups).
namespace vmlab::guest {

/// What an open file of the kernel's holds now, from its beginning; empty: it cannot be read (any more).
[[nodiscard]] std::string read_again(int file, std::size_t max_bytes = 64U << 10U);

/// Empty: it cannot be read.
[[nodiscard]] std::string read_whole(const std::string& path, std::size_t max_bytes = 1U << 20U);

/// False: it cannot be written, and errno says why.
bool write_to(const std::string& path, std::string_view text);

/// The number after `name` and blanks at the beginning of a row; 0: there is no such row.
[[nodiscard]] unsigned long long number_after(std::string_view text, std::string_view name);

}  // namespace vmlab::guest
