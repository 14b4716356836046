#include "arena/cgroup/mounts.hpp"

#include <algorithm>
#include <sstream>

namespace vmlab::arena {
namespace {

bool is_octal(char digit) {
    return digit >= '0' && digit <= '7';
}

// The kernel writes space, tab, newline and backslash of a name as \ooo.
std::string without_escapes(std::string_view name) {
    std::string plain;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '\\' && i + 3 < name.size() && is_octal(name[i + 1]) && is_octal(name[i + 2]) &&
            is_octal(name[i + 3])) {
            plain.push_back(
                static_cast<char>((name[i + 1] - '0') * 64 + (name[i + 2] - '0') * 8 + (name[i + 3] - '0')));
            i += 3;
        } else {
            plain.push_back(name[i]);
        }
    }
    return plain;
}

std::vector<std::string> split_at_commas(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> parts;
    for (std::string part; std::getline(stream, part, ',');) {
        parts.push_back(part);
    }
    return parts;
}

}  // namespace

bool Mount::has(std::string_view option) const {
    return std::find(options.begin(), options.end(), option) != options.end();
}

std::vector<Mount> parse_mounts(std::string_view text) {
    std::istringstream rows{std::string(text)};
    std::vector<Mount> mounts;
    for (std::string row; std::getline(rows, row);) {
        std::istringstream fields(row);
        std::string device;
        std::string folder;
        std::string type;
        std::string options;
        if (fields >> device >> folder >> type >> options) {
            mounts.push_back({without_escapes(folder), type, split_at_commas(options)});
        }
    }
    return mounts;
}

}  // namespace vmlab::arena
