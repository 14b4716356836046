#include "arena/cgroup/control_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "vmlab/process/descriptor.hpp"

namespace vmlab::arena {

process::Result<void> write_control_file(const std::filesystem::path& path, std::string_view value) {
    const process::Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) {
        return process::failed_call("open", path.string());
    }
    if (::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
        return process::failed_call("write", path.string());
    }
    return {};
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return number;
}

std::optional<std::uint64_t> counter_in(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
            return number_in(line.substr(key.size() + 1));
        }
    }
    return std::nullopt;
}

std::vector<std::string> words_in(std::string_view text) {
    std::istringstream stream{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

bool has_word(std::string_view text, std::string_view word) {
    const auto words = words_in(text);
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace vmlab::arena
