#pragma once

#include <cstdlib>
#include <cstring>

namespace vmlab::inside {

/// Takes a variable out of the environment, and its text out of /proc/self/environ.
inline void take_out(const char* name) {
    char* text = std::getenv(name);
    if (text == nullptr) {
        return;
    }
    char* entry = text - std::strlen(name) - 1;
    const std::size_t length = std::strlen(entry);
    unsetenv(name);
    std::memset(entry, 0, length);
}

/// The number in a variable that is meant for the preloaded library alone, which takes it out. A program that
/// looks whether it is watched does not find it in its environment (it does in /proc/self/maps).
inline long take_number(const char* name, long otherwise) {
    const char* text = std::getenv(name);
    const long number = text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
    take_out(name);
    take_out("LD_PRELOAD");
    return number;
}

}  // namespace vmlab::inside
