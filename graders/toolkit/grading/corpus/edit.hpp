#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::grading {

/// One change of a text.
struct Edit {
    std::string file;   ///< one of Activity::submit
    std::string was;    ///< stands in the file exactly once
    std::string now;    ///< what stands there instead
    std::string place;  ///< where it is written, for messages: "wrong/total-in-kib.toml, line 12"
};

/// The text with every edit made. Each `was` is looked for in the text as it is before any edit, so their
/// order says nothing. `name` is what messages call the text: "solution/oom.cpp". An Error when a `was` does
/// not stand in the text exactly once (it says how often), or when two edits change the same place. Any
/// thread.
[[nodiscard]] process::Result<std::string> edited(const std::string& text, std::string_view name,
                                                  const std::vector<Edit>& edits);

}  // namespace vmlab::grading
