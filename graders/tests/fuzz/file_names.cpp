#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "targets.hpp"
#include "vmlab/grading/submission.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::fuzz {

namespace {

namespace fs = std::filesystem;

/// Makes what a name stands for: by the byte before it a file, a folder, a FIFO or a link to the name itself.
void make(const fs::path& folder, std::string name) {
    const char kind = name.empty() ? '\0' : name.front();
    name.erase(0, 1);
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
        return;  // no name of a file
    }
    const std::string path = (folder / name).string();
    if (kind == 'd') {
        (void)mkdir(path.c_str(), 0700);
    } else if (kind == 'p') {
        (void)mkfifo(path.c_str(), 0600);
    } else if (kind == 'l') {
        (void)symlink(name.c_str(), path.c_str());
    } else {
        (void)close(open(path.c_str(), O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    }
}

const process::TemporaryFolder& own_folder() {
    static const auto folder = process::TemporaryFolder::create();
    require(folder.has_value(), "the test has its folder");
    return *folder;
}

}  // namespace

/// A submission whose files have the names in the input, which NUL bytes divide.
void file_names(std::string_view input) {
    const fs::path submission = own_folder().path() / "submission";
    const fs::path into = own_folder().path() / "into";
    fs::create_directory(submission);
    fs::create_directory(into);
    grading::Activity activity;
    activity.number = 1;
    activity.slug = "a";
    activity.submit = {"a.cpp", "answers.toml"};
    for (std::size_t made = 0; made < 8 && !input.empty(); ++made) {
        const std::size_t end = std::min(input.find('\0'), input.size());
        make(submission, std::string(input.substr(0, end)));
        input.remove_prefix(std::min(end + 1, input.size()));
    }
    const auto staged = grading::stage(submission, activity, into);
    std::size_t copied = 0;
    for (const auto& entry : fs::directory_iterator(into)) {
        require(entry.is_regular_file() && !entry.is_symlink(), "only files are copied");
        require(entry.path().filename() == "a.cpp" || entry.path().filename() == "answers.toml",
                "only declared files are copied");
        ++copied;
    }
    fs::remove_all(submission);
    fs::remove_all(into);
    require(staged.has_value(), "every folder can be staged");
    require(staged->files.size() == copied, "what was copied is what is said");
    require(staged->files.size() + staged->refused.size() == activity.submit.size(),
            "every declared file is copied or refused");
}

}  // namespace vmlab::fuzz
