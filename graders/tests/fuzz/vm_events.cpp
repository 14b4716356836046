#include <algorithm>

#include "arena/vm/wire/wire.hpp"
#include "targets.hpp"

namespace vmlab::fuzz {

namespace {

namespace wire = arena::wire;

constexpr std::size_t frame_bytes = 1U << 20U;
constexpr std::size_t stream_bytes = 8U << 20U;

/// Every event of the stream in its one form, and at the end whether the stream broke.
std::string events_of(std::string_view stream, std::size_t piece) {
    wire::Decoder decoder(frame_bytes, stream_bytes);
    std::string events;
    while (!stream.empty()) {
        const std::size_t size = std::min(piece, stream.size());
        decoder.add(stream.substr(0, size));
        stream.remove_prefix(size);
        for (;;) {
            const auto event = decoder.next();
            if (!event) {
                require(!event.error().what.empty(), "an error says what it is");
                require(!decoder.next(), "a broken stream stays broken");
                return events + "broken";
            }
            if (!*event) {
                break;
            }
            events += wire::encode(**event);
        }
    }
    return events;
}

}  // namespace

void vm_events(std::string_view input) {
    const std::string whole = events_of(input, input.size());
    require(whole == events_of(input, 1), "the size of the pieces changes nothing");
    if (!whole.ends_with("broken")) {
        require(events_of(whole, 7) == whole, "an event that is written again is the same");
    }
    if (const auto order = wire::decode_order(std::string(input))) {
        const std::string once = wire::encode(*order);
        const auto again = wire::decode_order(once);
        require(again.has_value() && wire::encode(*again) == once,
                "an order that is written again is the same");
    }
}

}  // namespace vmlab::fuzz
