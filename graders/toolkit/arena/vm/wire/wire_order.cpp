#include "arena/vm/wire/wire.hpp"
#include "arena/vm/wire/wire_cbor.hpp"

namespace vmlab::arena::wire {
namespace {

Json to_json(const std::optional<std::vector<Push>>& dialogue) {
    if (!dialogue) {
        return nullptr;
    }
    Json pushes = Json::array();
    for (const Push& push : *dialogue) {
        pushes.push_back({{"reclaim", push.reclaim},
                          {"memory_bytes", optional(push.memory_bytes)},
                          {"spoiled_page", optional(push.spoiled_page)}});
    }
    return pushes;
}

Json to_json(const Program& program) {
    return {{"argv", program.argv},
            {"environment", program.environment},
            {"input", program.input},
            {"start_after_lines", program.start_after_lines},
            {"oom_score_adj", optional(program.oom_score_adj)},
            {"oom_score_adj_floor", optional(program.oom_score_adj_floor)},
            {"as_root", program.as_root},
            {"hold_at_exit_ms", program.hold_at_exit_ms},
            {"wall_ms", program.wall_ms},
            {"output_bytes", program.output_bytes},
            {"cpu_seconds", program.cpu_seconds},
            {"file_bytes", program.file_bytes},
            {"processes", program.processes},
            {"open_files", program.open_files},
            {"address_space_bytes", program.address_space_bytes},
            {"data_bytes", program.data_bytes},
            {"stack_bytes", program.stack_bytes},
            {"locked_bytes", program.locked_bytes},
            {"huge_pages", program.huge_pages},
            {"dialogue", to_json(program.dialogue)},
            {"memory_bytes", optional(program.memory_bytes)},
            {"swap_bytes", optional(program.swap_bytes)}};
}

void take_words(const Json& object, Program& program) {
    const Json& words = member(object, "argv");
    const Json& environment = member(object, "environment");
    if (!words.is_array() || words.empty() || !environment.is_object()) {
        throw Malformed("a program has no argv or no environment");
    }
    for (const Json& word : words) {
        if (!word.is_string()) {
            throw Malformed("an argument is no text");
        }
        program.argv.push_back(word.get<std::string>());
    }
    for (const auto& [name, value] : environment.items()) {
        if (!value.is_string()) {
            throw Malformed("a variable is no text");
        }
        program.environment[name] = value.get<std::string>();
    }
}

std::optional<std::vector<Push>> to_dialogue(const Json& pushes) {
    if (pushes.is_null()) {
        return std::nullopt;
    }
    if (!pushes.is_array()) {
        throw Malformed("a dialogue is no list");
    }
    std::vector<Push> dialogue;
    for (const Json& object : pushes) {
        Push& push = dialogue.emplace_back();
        take(object, "reclaim", push.reclaim);
        take(object, "memory_bytes", push.memory_bytes);
        take(object, "spoiled_page", push.spoiled_page);
    }
    return dialogue;
}

Program to_program(const Json& object) {
    if (!object.is_object()) {
        throw Malformed("a program is not a map");
    }
    Program program;
    take_words(object, program);
    take(object, "input", program.input);
    take(object, "start_after_lines", program.start_after_lines);
    take(object, "oom_score_adj", program.oom_score_adj);
    take(object, "oom_score_adj_floor", program.oom_score_adj_floor);
    take(object, "as_root", program.as_root);
    take(object, "hold_at_exit_ms", program.hold_at_exit_ms);
    take(object, "wall_ms", program.wall_ms);
    take(object, "output_bytes", program.output_bytes);
    take(object, "cpu_seconds", program.cpu_seconds);
    take(object, "file_bytes", program.file_bytes);
    take(object, "processes", program.processes);
    take(object, "open_files", program.open_files);
    take(object, "address_space_bytes", program.address_space_bytes);
    take(object, "data_bytes", program.data_bytes);
    take(object, "stack_bytes", program.stack_bytes);
    take(object, "locked_bytes", program.locked_bytes);
    take(object, "huge_pages", program.huge_pages);
    program.dialogue = to_dialogue(member(object, "dialogue"));
    take(object, "memory_bytes", program.memory_bytes);
    take(object, "swap_bytes", program.swap_bytes);
    return program;
}

Order to_order(const Json& object) {
    Order order;
    const Json& programs = member(object, "programs");
    if (!programs.is_array() || programs.empty()) {
        throw Malformed("it has no programs");
    }
    for (const Json& program : programs) {
        order.programs.push_back(to_program(program));
    }
    take(object, "group_bytes", order.group_bytes);
    take(object, "over_when_ended", order.over_when_ended);
    take(object, "sample_ms", order.sample_ms);
    take(object, "unix_ms", order.unix_ms);
    take(object, "swap_bytes", order.swap_bytes);
    const Json& manual = member(object, "manual_kill");
    if (!manual.is_null()) {
        order.manual_kill.emplace();
        take(manual, "program", order.manual_kill->program);
        take(manual, "after_lines", order.manual_kill->after_lines);
    }
    if ((order.over_when_ended && *order.over_when_ended >= order.programs.size()) ||
        (order.manual_kill && order.manual_kill->program >= order.programs.size())) {
        throw Malformed("it names a program that it does not have");
    }
    return order;
}

}  // namespace

std::string encode(const Order& order) {
    Json programs = Json::array();
    for (const Program& program : order.programs) {
        programs.push_back(to_json(program));
    }
    Json manual = nullptr;
    if (order.manual_kill) {
        manual = {{"program", order.manual_kill->program}, {"after_lines", order.manual_kill->after_lines}};
    }
    return write_cbor({{"programs", programs},
                       {"group_bytes", optional(order.group_bytes)},
                       {"over_when_ended", optional(order.over_when_ended)},
                       {"manual_kill", manual},
                       {"sample_ms", order.sample_ms},
                       {"unix_ms", order.unix_ms},
                       {"swap_bytes", order.swap_bytes}});
}

process::Result<Order> decode_order(const std::string& bytes) {
    try {
        return to_order(read_cbor(bytes));
    } catch (const std::exception& error) {
        return process::failed(std::string("an order for the guest is malformed: ") + error.what());
    }
}

}  // namespace vmlab::arena::wire
