#include "vmlab/grading/draw.hpp"

#include <random>

namespace vmlab::grading {

std::uint64_t drawn(std::uint64_t least, std::uint64_t most) {
    std::random_device draw;
    return std::uniform_int_distribution<std::uint64_t>(least, most)(draw);
}

}  // namespace vmlab::grading
