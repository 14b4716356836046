#pragma once

#include <string>
#include <string_view>

#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// A format in which kernels and their modules are compressed.
struct Compression {
    std::string_view magic;  ///< the first bytes
    std::string_view tool;   ///< what takes it apart
    std::string_view package;
};

/// The format of these bytes; null: none that is known.
[[nodiscard]] const Compression* compression_of(std::string_view bytes);

/// What the bytes hold, by the format's tool. machine_lacks: the tool is missing. failed: it does not
/// understand the bytes.
[[nodiscard]] process::Result<std::string> unpack(const Compression& compression, std::string_view bytes);

}  // namespace vmlab::arena
