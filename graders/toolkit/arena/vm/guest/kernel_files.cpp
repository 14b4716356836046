#include "arena/vm/guest/kernel_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "vmlab/process/descriptor.hpp"

namespace vmlab::guest {

std::string read_again(int file, std::size_t max_bytes) {
    std::string text;
    while (text.size() < max_bytes) {
        char piece[4096];
        const std::size_t wanted = std::min(sizeof piece, max_bytes - text.size());
        const ssize_t got = ::pread(file, piece, wanted, static_cast<off_t>(text.size()));
        if (got <= 0) {
            break;
        }
        text.append(piece, static_cast<std::size_t>(got));
    }
    return text;
}

std::string read_whole(const std::string& path, std::size_t max_bytes) {
    const process::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file ? read_again(file.get(), max_bytes) : std::string();
}

bool write_to(const std::string& path, std::string_view text) {
    const process::Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

unsigned long long number_after(std::string_view text, std::string_view name) {
    for (std::size_t row = 0; row < text.size();) {
        const std::size_t end = std::min(text.find('\n', row), text.size());
        if (text.substr(row, end - row).starts_with(name)) {
            const std::string rest(text.substr(row + name.size(), end - row - name.size()));
            return std::strtoull(rest.c_str(), nullptr, 10);
        }
        row = end + 1;
    }
    return 0;
}

}  // namespace vmlab::guest
