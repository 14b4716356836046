#include "grading/handed_in/encoding.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace vmlab::grading {

namespace {

constexpr std::string_view utf8_mark = "\xef\xbb\xbf";

std::uint8_t at(std::string_view bytes, std::size_t index) {
    return static_cast<std::uint8_t>(bytes[index]);
}

void append_utf8(std::string& text, std::uint32_t code) {
    const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | (code >> 6U));
        put(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0U | (code >> 12U));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    } else {
        put(0xF0U | (code >> 18U));
        put(0x80U | ((code >> 12U) & 0x3FU));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    }
}

enum class Order { little, big };

/// Without a mark: nearly all text of a program or of answers is ASCII, so that every other byte is NUL.
std::optional<Order> order_of(std::string_view bytes) {
    if (bytes.starts_with("\xff\xfe")) {
        return Order::little;
    }
    if (bytes.starts_with("\xfe\xff")) {
        return Order::big;
    }
    const std::size_t looked_at = std::min<std::size_t>(bytes.size(), 512) / 2;
    std::size_t even = 0;
    std::size_t odd = 0;
    for (std::size_t i = 0; i < looked_at; ++i) {
        even += bytes[2 * i] == '\0' ? 1 : 0;
        odd += bytes[2 * i + 1] == '\0' ? 1 : 0;
    }
    if (looked_at < 2 || bytes.size() % 2 != 0) {
        return std::nullopt;
    }
    if (even == 0 && 10 * odd >= 8 * looked_at) {
        return Order::little;
    }
    return odd == 0 && 10 * even >= 8 * looked_at ? std::optional(Order::big) : std::nullopt;
}

/// The length of the well-formed UTF-8 character at the start; 0 when there is none.
std::size_t length_of_character(std::string_view text) {
    const std::uint8_t first = at(text, 0);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (text.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(text, i) & 0xC0U) != 0x80U) {
            return 0;
        }
    }
    return length;
}

}  // namespace

std::optional<std::string> utf16_as_utf8(std::string_view bytes) {
    const auto order = order_of(bytes);
    if (!order) {
        return std::nullopt;
    }
    const auto unit = [&](std::size_t index) -> std::uint32_t {
        const std::uint32_t low = at(bytes, *order == Order::little ? index : index + 1);
        const std::uint32_t high = at(bytes, *order == Order::little ? index + 1 : index);
        return (high << 8U) | low;
    };
    std::string text;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        std::uint32_t code = unit(i);
        if (code == 0xFEFF && i == 0) {
            continue;
        }
        if (code >= 0xD800 && code < 0xE000) {
            const std::uint32_t next = code < 0xDC00 && i + 3 < bytes.size() ? unit(i + 2) : 0;
            const bool pair = next >= 0xDC00 && next < 0xE000;
            code = pair ? 0x10000U + ((code - 0xD800U) << 10U) + (next - 0xDC00U) : 0xFFFDU;
            i += pair ? 2 : 0;
        }
        append_utf8(text, code);
    }
    return text;
}

std::string plain_text(std::string_view bytes) {
    const auto decoded = utf16_as_utf8(bytes);
    std::string_view rest = decoded ? *decoded : bytes;
    if (rest.starts_with(utf8_mark)) {
        rest.remove_prefix(utf8_mark.size());
    }
    std::string text;
    text.reserve(rest.size());
    for (std::size_t i = 0; i < rest.size(); ++i) {
        if (rest[i] != '\r') {
            text += rest[i];
        } else if (i + 1 == rest.size() || rest[i + 1] != '\n') {
            text += '\n';
        }
    }
    return text;
}

std::optional<std::string> odd_byte(std::string_view text) {
    std::size_t line = 1;
    while (!text.empty()) {
        const std::size_t length = length_of_character(text);
        if (length == 0 || text.front() == '\0') {
            return fmt::format("line {} holds the byte {:02X}, which is no {}", line, at(text, 0),
                               length == 0 ? "UTF-8" : "text");
        }
        line += text.front() == '\n' ? 1 : 0;
        text.remove_prefix(length);
    }
    return std::nullopt;
}

std::optional<std::string> odd_encoding(std::string_view bytes) {
    if (bytes.starts_with(std::string_view("\xff\xfe\0\0", 4)) ||
        bytes.starts_with(std::string_view("\0\0\xfe\xff", 4))) {
        return "is UTF-32";
    }
    if (order_of(bytes)) {
        return "is UTF-16";
    }
    return std::nullopt;
}

}  // namespace vmlab::grading
