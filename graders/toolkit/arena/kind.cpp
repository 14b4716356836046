#include <fmt/format.h>

#include "vmlab/arena/arena.hpp"

namespace vmlab::arena {

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::cgroup2:
            return "cgroup2";
        case Kind::cgroup1:
            return "cgroup1";
        case Kind::vm:
            return "vm";
    }
    return "unknown";
}

process::Result<KindChoice> kind_choice(std::string_view text) {
    if (text == "auto") {
        return KindChoice::automatic;
    }
    if (text == "cgroup2") {
        return KindChoice::cgroup2;
    }
    if (text == "cgroup1") {
        return KindChoice::cgroup1;
    }
    if (text == "vm") {
        return KindChoice::vm;
    }
    return process::failed(fmt::format("there is no arena '{}'", text),
                           "choose auto, cgroup2, cgroup1 or vm");
}

}  // namespace vmlab::arena
