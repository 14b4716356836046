#include "vmlab/report/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace vmlab::report {

namespace {

/// Length of the well-formed UTF-8 sequence that a text begins with (Unicode standard, table 3-7); 0 when
/// there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto continues = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xBF) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return continues(1) ? 2 : 0;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        const std::uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
        const std::uint8_t high = lead == 0xED ? 0x9F : 0xBF;
        return continues(1, low, high) && continues(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const std::uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
        const std::uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
        return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

/// U+0080 to U+009F are control characters too: some terminals obey them.
bool is_control(std::string_view sequence) {
    const auto first = static_cast<std::uint8_t>(sequence[0]);
    if (sequence.size() == 1) {
        return first < 0x20 || first == 0x7F;
    }
    return first == 0xC2 && static_cast<std::uint8_t>(sequence[1]) < 0xA0;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence_length(text.substr(i));
        const std::string_view sequence = text.substr(i, length == 0 ? 1 : length);
        if (sequence == "\n") {
            result += '\n';
        } else if (sequence == "\t") {
            result += "    ";
        } else if (length == 0 || is_control(sequence)) {
            for (const char byte : sequence) {
                result += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(byte));
            }
        } else {
            result += sequence;
        }
        i += sequence.size();
    }
    return result;
}

std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    for (const char byte : text) {
        count += (static_cast<std::uint8_t>(byte) & 0xC0U) != 0x80U ? 1 : 0;
    }
    return count;
}

namespace {

std::size_t offset_of_column(std::string_view text, std::size_t column) {
    std::size_t offset = 0;
    while (offset < text.size() && columns(text.substr(0, offset + 1)) <= column) {
        ++offset;
    }
    return offset;
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string_view rest = text.substr(begin, end - begin);
        while (columns(rest) > width) {
            const std::size_t edge = offset_of_column(rest, width);
            std::size_t cut = rest.rfind(' ', edge);
            if (cut == std::string_view::npos || cut == 0) {
                cut = rest.find(' ', edge);
            }
            if (cut == std::string_view::npos || rest.find_first_not_of(' ') >= cut) {
                break;
            }
            lines.emplace_back(rest.substr(0, cut));
            rest.remove_prefix(cut + 1);
        }
        lines.emplace_back(rest);
        begin = end + 1;
    }
    while (!lines.empty() && lines.back().empty()) {
        lines.pop_back();
    }
    return lines;
}

std::string reflowed(std::string_view text) {
    std::string result;
    bool joinable = false;  // the line before was prose
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const bool prose = !line.empty() && line.front() != ' ' && line.front() != '\t';
        if (!result.empty()) {
            result += prose && joinable ? ' ' : '\n';
        }
        result += line;
        joinable = prose;
    }
    return result;
}

}  // namespace vmlab::report
