#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// How the values of wire.hpp are read from CBOR, member by member and mistrustfully.
namespace vmlab::arena::wire {

using Json = nlohmann::json;

/// Thrown by what is below, and caught by decode_order and Decoder: it leaves neither.
struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One CBOR map, which may come from anybody.
[[nodiscard]] Json read_cbor(std::string_view bytes);
[[nodiscard]] std::string write_cbor(const Json& value);

[[nodiscard]] const Json& member(const Json& object, const char* name);

void take(const Json& object, const char* name, std::string& into);
void take(const Json& object, const char* name, bool& into);
void take(const Json& object, const char* name, char& into);

template <std::integral Number>
[[nodiscard]] Number to_number(const Json& value, const char* name) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (std::in_range<Number>(number)) {
            return static_cast<Number>(number);
        }
    } else if (value.is_number_integer()) {
        const auto number = value.get<std::int64_t>();
        if (std::in_range<Number>(number)) {
            return static_cast<Number>(number);
        }
    }
    throw Malformed(std::string("no such number can be a ") + name);
}

template <std::integral Number>
void take(const Json& object, const char* name, Number& into) {
    into = to_number<Number>(member(object, name), name);
}

template <std::integral Number>
void take(const Json& object, const char* name, std::optional<Number>& into) {
    const Json& value = member(object, name);
    into = value.is_null() ? std::nullopt : std::optional(to_number<Number>(value, name));
}

template <std::integral Number>
[[nodiscard]] Json optional(const std::optional<Number>& value) {
    return value ? Json(*value) : Json(nullptr);
}

}  // namespace vmlab::arena::wire
