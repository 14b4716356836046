#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vmlab::grading {

/// How a file's name may be like the one that an activity asks for. The better one first.
enum class Likeness {
    same,
    alike,  ///< but for case, blanks around it, a copy mark, another or an extra extension, an LMS's prefix
};

/// Whether a file of this name can be meant where `wanted` is asked for: Heap_Growth.CPP, heap_growth-1.cpp,
/// "heap_growth (1).cpp", heap_growth.cpp.txt, heap_growth.cc, doejane_12345_678_heap_growth.cpp. None for
/// every other name, a backup (heap_growth.cpp.backup-1, heap_growth.cpp~) among them.
[[nodiscard]] std::optional<Likeness> likeness(std::string_view name, std::string_view wanted);

/// ASCII letters in lower case, every other byte as it is.
[[nodiscard]] std::string in_lower_case(std::string_view text);

}  // namespace vmlab::grading
