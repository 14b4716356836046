#pragma once

#include <cstdint>
#include <string>

namespace vmlab::cli {

/// "12.3 MiB"
[[nodiscard]] std::string readable_bytes(std::uint64_t bytes);

}  // namespace vmlab::cli
