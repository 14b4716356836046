#include "cli/terminal.hpp"

#include <fcntl.h>
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

bool can_redraw(int descriptor) {
    return is_terminal(descriptor) && is_set("TERM") && std::string_view(std::getenv("TERM")) != "dumb";
}

report::TextStyle style_for(int descriptor) {
    report::TextStyle style;
    style.unicode = is_utf8_locale();
    if (!is_terminal(descriptor)) {
        return style;
    }
    style.colour = !is_set("NO_COLOR") && can_redraw(descriptor);
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        style.width = std::clamp<int>(size.ws_col, 60, 120);
    }
    return style;
}

int complain(const process::Error& error) {
    std::string text = fmt::format("vmlab: {}\n", error.what);
    if (!error.fix.empty()) {
        text += fmt::format("       {}\n", error.fix);
    }
    show(stderr, text);
    return 2;
}

process::Result<void> print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
        return process::failed_call("write to", "standard output");
    }
    return {};
}

int finish_with(const std::string& text, int status) {
    const auto printed = print(text);
    return printed ? status : complain(printed.error());
}

void show(std::FILE* stream, const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fflush(stream);
}

void occupy_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) < 0) {
            // The lowest free number is the closed one. Read-only: a write to it fails, as it should.
            ::open("/dev/null", O_RDONLY);
        }
    }
}

std::string painted(const report::TextStyle& style, const std::string& text, const char* code) {
    return style.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

}  // namespace vmlab::cli
