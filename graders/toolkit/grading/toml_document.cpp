#include "grading/toml_document.hpp"

#include <fmt/core.h>

namespace vmlab::grading {

process::Result<toml::table> parse_toml(std::string_view text, const std::string& file) {
    try {
        return toml::parse(text, std::string_view(file));
    } catch (const toml::parse_error& error) {
        const auto& where = error.source().begin;
        return process::failed(
            fmt::format("{}, line {}, column {}: {}", file, where.line, where.column, error.description()));
    }
}

std::string line_of(const toml::node& node) {
    const auto line = node.source().begin.line;
    return line == 0 ? std::string{} : fmt::format(", line {}", line);
}

}  // namespace vmlab::grading
