#include "cli/live/bytes.hpp"

#include <fmt/format.h>

namespace vmlab::cli {

std::string readable_bytes(std::uint64_t bytes) {
    constexpr std::uint64_t kibibyte = 1024;
    if (bytes < kibibyte * kibibyte) {
        return fmt::format("{} KiB", bytes / kibibyte);
    }
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (kibibyte * kibibyte));
}

}  // namespace vmlab::cli
