#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab::arena {

/// One row of /proc/self/mounts (proc(5)).
struct Mount {
    std::filesystem::path folder;
    std::string type;
    std::vector<std::string> options;

    [[nodiscard]] bool has(std::string_view option) const;
};

/// Every row that is one, in order; octal escapes in the folder's name are undone.
[[nodiscard]] std::vector<Mount> parse_mounts(std::string_view text);

}  // namespace vmlab::arena
