#include "arena/vm/wire/wire.hpp"

#include "arena/vm/wire/wire_cbor.hpp"

namespace vmlab::arena::wire {
namespace {

Json to_json(const Started& event) {
    return {{"event", "started"}, {"program", event.program}, {"pid", event.pid}};
}

Json to_json(const Output& event) {
    return {{"event", "output"},
            {"program", event.program},
            {"descriptor", event.descriptor},
            {"bytes", event.bytes}};
}

Json to_json(const Sample& event) {
    return {{"event", "sample"},
            {"program", event.program},
            {"at_ms", event.at_ms},
            {"state", std::string(1, event.state)},
            {"status", event.status},
            {"stat", event.stat},
            {"heap_bytes", event.heap_bytes},
            {"oom_score", event.oom_score},
            {"oom_score_adj", event.oom_score_adj}};
}

Json to_json(const Looked& event) {
    return {{"event", "looked"},      {"program", event.program},
            {"lines", event.lines},   {"spoiled_pages", event.spoiled_pages},
            {"status", event.status}, {"stat", event.stat}};
}

Json to_json(const Log& event) {
    return {{"event", "log"}, {"records", event.records}};
}

Json to_json(const Ended& event) {
    return {{"event", "ended"},
            {"program", event.program},
            {"end", static_cast<int>(event.end)},
            {"wait_status", event.wait_status},
            {"elapsed_ms", event.elapsed_ms},
            {"oom_kills", event.oom_kills}};
}

Json to_json(const Facts& event) {
    return {{"event", "facts"},
            {"syslog", event.syslog},
            {"meminfo", event.meminfo},
            {"vmstat", event.vmstat},
            {"memory_events", event.memory_events},
            {"peak_bytes", event.peak_bytes},
            {"release", event.release}};
}

Json to_json(const Trouble& event) {
    return {{"event", "trouble"}, {"what", event.what}, {"machine_lacks", event.machine_lacks}};
}

Started to_started(const Json& object) {
    Started event;
    take(object, "program", event.program);
    take(object, "pid", event.pid);
    return event;
}

Output to_output(const Json& object) {
    Output event;
    take(object, "program", event.program);
    take(object, "descriptor", event.descriptor);
    take(object, "bytes", event.bytes);
    if (event.descriptor != 1 && event.descriptor != 2) {
        throw Malformed("it is neither of stdout nor of stderr");
    }
    return event;
}

Sample to_sample(const Json& object) {
    Sample event;
    take(object, "program", event.program);
    take(object, "at_ms", event.at_ms);
    take(object, "state", event.state);
    take(object, "status", event.status);
    take(object, "stat", event.stat);
    take(object, "heap_bytes", event.heap_bytes);
    take(object, "oom_score", event.oom_score);
    take(object, "oom_score_adj", event.oom_score_adj);
    return event;
}

Looked to_looked(const Json& object) {
    Looked event;
    take(object, "program", event.program);
    take(object, "lines", event.lines);
    take(object, "spoiled_pages", event.spoiled_pages);
    take(object, "status", event.status);
    take(object, "stat", event.stat);
    return event;
}

Ended to_ended(const Json& object) {
    Ended event;
    take(object, "program", event.program);
    int end = 0;
    take(object, "end", end);
    if (end < static_cast<int>(End::finished) || end > static_cast<int>(End::not_started)) {
        throw Malformed("there is no such end");
    }
    event.end = static_cast<End>(end);
    take(object, "wait_status", event.wait_status);
    take(object, "elapsed_ms", event.elapsed_ms);
    take(object, "oom_kills", event.oom_kills);
    return event;
}

Facts to_facts(const Json& object) {
    Facts event;
    take(object, "syslog", event.syslog);
    take(object, "meminfo", event.meminfo);
    take(object, "vmstat", event.vmstat);
    take(object, "memory_events", event.memory_events);
    take(object, "peak_bytes", event.peak_bytes);
    take(object, "release", event.release);
    return event;
}

Event to_event(const Json& object) {
    std::string kind;
    take(object, "event", kind);
    if (kind == "started") {
        return to_started(object);
    }
    if (kind == "output") {
        return to_output(object);
    }
    if (kind == "sample") {
        return to_sample(object);
    }
    if (kind == "looked") {
        return to_looked(object);
    }
    if (kind == "ended") {
        return to_ended(object);
    }
    if (kind == "facts") {
        return to_facts(object);
    }
    if (kind == "log") {
        Log event;
        take(object, "records", event.records);
        return event;
    }
    if (kind == "trouble") {
        Trouble event;
        take(object, "what", event.what);
        take(object, "machine_lacks", event.machine_lacks);
        return event;
    }
    throw Malformed("there is no such event");
}

constexpr std::size_t length_bytes = 4;

std::size_t read_length(std::string_view bytes) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        length |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return length;
}

}  // namespace

std::string encode(const Event& event) {
    const std::string body = write_cbor(std::visit([](const auto& e) { return to_json(e); }, event));
    std::string frame;
    frame.reserve(length_bytes + body.size());
    for (std::size_t i = 0; i < length_bytes; ++i) {
        frame.push_back(static_cast<char>((body.size() >> (8 * i)) & 0xffU));
    }
    return frame + body;
}

void Decoder::add(std::string_view piece) {
    if (broken_) {
        return;
    }
    seen_ += piece.size();
    if (seen_ > stream_bytes_) {
        broken_ = "it is longer than any guest needs";
        pending_.clear();
        taken_ = 0;
        return;
    }
    // What next() has taken is dropped only here, so that taking many small frames copies nothing.
    pending_.erase(0, taken_);
    taken_ = 0;
    pending_ += piece;
}

process::Result<std::optional<Event>> Decoder::next() {
    const std::string_view rest = std::string_view(pending_).substr(taken_);
    if (!broken_ && rest.size() >= length_bytes) {
        const std::size_t length = read_length(rest);
        if (length > frame_bytes_) {
            broken_ = "a frame is longer than any of ours";
        } else if (rest.size() - length_bytes >= length) {
            taken_ += length_bytes + length;
            try {
                return to_event(read_cbor(rest.substr(length_bytes, length)));
            } catch (const std::exception& error) {
                broken_ = error.what();
            }
        }
    }
    if (broken_) {
        return process::failed("what the guest reports is malformed: " + *broken_);
    }
    return std::nullopt;
}

}  // namespace vmlab::arena::wire
