#pragma once

#include <cstdint>

namespace vmlab::grading {

/// A whole number from `least` to `most`, another one in each grading: no program can know it, and none that
/// was written down is right twice. Any thread may call it.
[[nodiscard]] std::uint64_t drawn(std::uint64_t least, std::uint64_t most);

}  // namespace vmlab::grading
