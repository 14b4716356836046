#include "arena/vm/wire/wire_cbor.hpp"

namespace vmlab::arena::wire {
namespace {

// The library's own reader goes one call deeper with each nesting: a frame of a million brackets would use up
// the stack. Nothing of ours is nested deeper than an order's programs' arguments.
class Shape {
  public:
    static constexpr int deepest = 6;

    bool start_object(std::size_t /*size*/) { return ++depth_ <= deepest; }
    bool start_array(std::size_t /*size*/) { return ++depth_ <= deepest; }
    bool end_object() { return leave(); }
    bool end_array() { return leave(); }

    // The names are the library's.
    bool null() { return true; }
    bool boolean(bool /*value*/) { return true; }
    bool number_integer(Json::number_integer_t /*value*/) { return true; }
    bool number_unsigned(Json::number_unsigned_t /*value*/) { return true; }
    bool number_float(Json::number_float_t /*value*/, const Json::string_t& /*text*/) { return true; }
    bool string(Json::string_t& /*value*/) { return true; }
    bool binary(Json::binary_t& /*value*/) { return true; }
    bool key(Json::string_t& /*value*/) { return true; }
    bool parse_error(std::size_t /*at*/, const std::string& /*token*/, const Json::exception& /*error*/) {
        return false;
    }

  private:
    bool leave() {
        --depth_;
        return true;
    }
    int depth_ = 0;
};

}  // namespace

Json read_cbor(std::string_view bytes) {
    Shape shape;
    if (!Json::sax_parse(bytes.begin(), bytes.end(), &shape, Json::input_format_t::cbor)) {
        throw Malformed("it is no CBOR of a sensible shape");
    }
    Json value = Json::from_cbor(bytes.begin(), bytes.end(), true, false);
    if (!value.is_object()) {
        throw Malformed("it is not a map");
    }
    return value;
}

std::string write_cbor(const Json& value) {
    std::string bytes;
    Json::to_cbor(value, bytes);
    return bytes;
}

const Json& member(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) {
        throw Malformed(std::string("it has no ") + name);
    }
    return *found;
}

void take(const Json& object, const char* name, std::string& into) {
    const Json& value = member(object, name);
    if (!value.is_string()) {
        throw Malformed(std::string("its ") + name + " is no text");
    }
    into = value.get_ref<const std::string&>();
}

void take(const Json& object, const char* name, bool& into) {
    const Json& value = member(object, name);
    if (!value.is_boolean()) {
        throw Malformed(std::string("its ") + name + " is neither true nor false");
    }
    into = value.get<bool>();
}

void take(const Json& object, const char* name, char& into) {
    std::string text;
    take(object, name, text);
    if (text.size() != 1) {
        throw Malformed(std::string("its ") + name + " is not one character");
    }
    into = text.front();
}

}  // namespace vmlab::arena::wire
