#include "vmlab/grading/submission.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {

namespace {

using process::Descriptor;

std::string message_of(int error) {
    return std::generic_category().message(error);
}

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
    return "cannot be read: " + message_of(error);
}

/// The file's content, or why it is refused. Never follows a link, never waits (O_NONBLOCK: opening a FIFO
/// would), and looks at what was opened, not at what the name stands for by then.
tl::expected<std::string, std::string> read_regular_file(int folder, const std::string& name) {
    const Descriptor file(
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

/// The folder that holds the activity's files: NN-slug where there is one, else the submission itself. Empty
/// when NN-slug is something else: a link in its place could lead anywhere.
process::Result<Descriptor> open_folder(const std::filesystem::path& submission, const Activity& activity,
                                        std::string& refused) {
    Descriptor whole(open(submission.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!whole) {
        return process::failed(
            fmt::format("{} is no folder that can be read: {}", submission.string(), message_of(errno)),
            "Give the folder that holds the files to grade.");
    }
    const std::string name = activity.folder_name();
    Descriptor own(openat(whole.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (own) {
        return own;
    }
    if (errno == ENOENT) {
        return whole;
    }
    struct stat facts {};
    const bool is_link =
        fstatat(whole.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(facts.st_mode);
    refused = is_link ? name + " is a symbolic link: hand in the folder itself"
                      : name + " is no folder that can be read";
    return Descriptor{};
}

}  // namespace

process::Result<StagedSubmission> stage(const std::filesystem::path& submission, const Activity& activity,
                                        const std::filesystem::path& into) {
    std::string folder_refused;
    const auto folder = open_folder(submission, activity, folder_refused);
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    StagedSubmission staged;
    staged.folder = into;
    for (const std::string& name : activity.submit) {
        if (!*folder) {
            staged.refused[name] = folder_refused;
            continue;
        }
        const auto content = read_regular_file(folder->get(), name);
        if (!content) {
            staged.refused[name] = content.error();
            continue;
        }
        if (auto written = process::write_file_atomically(into / name, *content); !written) {
            return tl::unexpected(written.error());
        }
        staged.files.push_back(name);
    }
    return staged;
}

}  // namespace vmlab::grading
