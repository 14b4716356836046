#pragma once

#include <memory>
#include <string>

#include "arena/cgroup/hierarchy.hpp"

namespace vmlab::arena {

/// Tests only: the hierarchy of this machine, or why there is none.
struct Live {
    std::unique_ptr<Hierarchy> hierarchy;
    std::string why_not;

    [[nodiscard]] static Live find() {
        Live live;
        const auto surroundings = Surroundings::read();
        if (!surroundings) {
            live.why_not = surroundings.error().what;
            return live;
        }
        for (const auto find : {find_cgroup2, find_cgroup1}) {
            auto found = find(*surroundings);
            if (found) {
                live.hierarchy = std::move(*found);
                return live;
            }
            live.why_not += found.error().what + "; ";
        }
        return live;
    }
};

}  // namespace vmlab::arena
