#include "cli/terminal.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace vmlab::cli {

namespace {

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

/// The locale that counts, as locale(7) orders them.
bool is_utf8_locale() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (is_set(name)) {
            const std::string_view value = std::getenv(name);
            return value.find("UTF-8") != std::string_view::npos ||
                   value.find("utf8") != std::string_view::npos;
        }
    }
    return false;
}

}  // namespace

bool is_terminal(int descriptor) {
    return ::isatty(descriptor) == 1;
}

report::TextStyle style_for(int descriptor) {
    report::TextStyle style;
    style.unicode = is_utf8_locale();
    if (!is_terminal(descriptor)) {
        return style;
    }
    const char* terminal = std::getenv("TERM");
    style.colour = !is_set("NO_COLOR") && terminal != nullptr && std::string_view(terminal) != "dumb";
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        style.width = std::clamp<int>(size.ws_col, 60, 120);
    }
    return style;
}

int complain(const process::Error& error) {
    fmt::print(stderr, "vmlab: {}\n", error.what);
    if (!error.fix.empty()) {
        fmt::print(stderr, "       {}\n", error.fix);
    }
    return 2;
}

bool print(const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

std::string painted(const report::TextStyle& style, const std::string& text, const char* code) {
    return style.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

}  // namespace vmlab::cli
