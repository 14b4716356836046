#include "grading/handed_in/regular_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "vmlab/grading/submission.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::grading {

namespace {

std::string kind_of(mode_t mode) {
    if (S_ISDIR(mode)) {
        return "is a folder";
    }
    if (S_ISFIFO(mode)) {
        return "is a FIFO";
    }
    if (S_ISSOCK(mode)) {
        return "is a socket";
    }
    return "is a device";
}

/// Why open(2) refused to give a file of the submission.
std::string refusal(int error) {
    if (error == ENOENT) {
        return "missing";
    }
    if (error == ELOOP) {
        return "is a symbolic link: hand in the file itself";
    }
    if (error == ENXIO) {
        return "is a socket or a device: hand in a regular file";
    }
    return "cannot be read: " + std::generic_category().message(error);
}

}  // namespace

tl::expected<std::string, std::string> read_regular_file(int folder, const std::string& name) {
    const process::Descriptor file(
        openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file) {
        return tl::unexpected(refusal(errno));
    }
    struct stat facts {};
    if (fstat(file.get(), &facts) != 0) {
        return tl::unexpected(refusal(errno));
    }
    if (!S_ISREG(facts.st_mode)) {
        return tl::unexpected(kind_of(facts.st_mode) + ": hand in a regular file");
    }
    std::string content(max_submitted_file_bytes + 1, '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t got = read(file.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return tl::unexpected(refusal(errno));
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    if (filled > max_submitted_file_bytes) {
        return tl::unexpected(fmt::format("is larger than {} bytes", max_submitted_file_bytes));
    }
    content.resize(filled);
    return content;
}

}  // namespace vmlab::grading
