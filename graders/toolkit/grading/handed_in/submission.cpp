#include "vmlab/grading/submission.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "grading/handed_in/encoding.hpp"
#include "grading/handed_in/file_name.hpp"
#include "grading/handed_in/regular_file.hpp"
#include "grading/handed_in/search.hpp"
#include "vmlab/grading/verdict.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {

namespace {

using process::Descriptor;

std::string message_of(int error) {
    return std::generic_category().message(error);
}

/// The submission and, where there is one, its folder NN-slug.
struct FoundFolders {
    Descriptor whole;
    Descriptor own;
    std::string
        refused;  ///< why what is called NN-slug is no folder: a link in its place could lead anywhere
};

FoundFolders open_folders(Descriptor whole, const std::string& name) {
    FoundFolders folders{std::move(whole), {}, {}};
    folders.own = Descriptor(
        openat(folders.whole.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folders.own && errno != ENOENT) {
        struct stat facts {};
        const bool is_link = fstatat(folders.whole.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
                             S_ISLNK(facts.st_mode);
        folders.refused = is_link ? name + " is a symbolic link: hand in the folder itself"
                                  : name + " is no folder that can be read";
    }
    return folders;
}

std::string name_of_folder(const std::filesystem::path& submission) {
    const std::filesystem::path named = std::filesystem::absolute(submission).lexically_normal();
    return named.has_filename() ? named.filename().string() : named.parent_path().filename().string();
}

/// Puts the files of one submission where they are graded, and says what was taken.
class Stage {
  public:
    Stage(const Activity& activity, const std::filesystem::path& into) : activity_(activity) {
        staged_.folder = into;
    }

    process::Result<void> take(const std::string& file, const std::string& content) {
        if (auto written = process::write_file_atomically(staged_.folder / file, content); !written) {
            return written;
        }
        staged_.files.push_back(file);
        if (file.ends_with(".toml") && utf16_as_utf8(content)) {
            note(fmt::format("{} is UTF-16 and was read all the same: save it as UTF-8.", file));
        }
        return {};
    }
    void note_place(const std::string& file, const std::string& path) {
        note(fmt::format("{} was taken from {}; its place is {}/{}.", file, shown_path(path),
                         activity_.folder_name(), file));
    }
    void note(std::string text) { staged_.notes.push_back(std::move(text)); }
    void refuse(const std::string& file, Refusal refusal) { staged_.refused[file] = std::move(refusal); }

    [[nodiscard]] StagedSubmission result() { return std::move(staged_); }

  private:
    const Activity& activity_;
    StagedSubmission staged_;
};

/// The file at its exact place: its content, or why it is refused. Nothing: it is not there.
std::optional<tl::expected<std::string, std::string>> read_exact(const FoundFolders& folders,
                                                                 const std::string& file, Search& search) {
    for (const Descriptor* folder : {&folders.own, &folders.whole}) {
        if (!*folder) {
            continue;
        }
        auto content = read_regular_file(folder->get(), file);
        if (!content && content.error() == "missing") {
            continue;
        }
        if (folder == &folders.whole && search.is_of_another(file, file)) {
            continue;
        }
        return content;
    }
    return std::nullopt;
}

process::Result<StagedSubmission> stage_folder(Descriptor opened, const std::string& name,
                                               const Activity& activity, const std::filesystem::path& into,
                                               const Surroundings& surroundings) {
    const FoundFolders folders = open_folders(std::move(opened), activity.folder_name());
    Search search(folders.whole.get(), name, activity, surroundings);
    Stage stage(activity, into);
    for (const std::string& file : activity.submit) {
        if (!folders.refused.empty()) {
            stage.refuse(file, {folders.refused});
            continue;
        }
        if (const auto exact = read_exact(folders, file, search)) {
            if (!*exact) {
                stage.refuse(file, {exact->error()});
                continue;
            }
            if (auto taken = stage.take(file, **exact); !taken) {
                return tl::unexpected(taken.error());
            }
            if (search.is_starter(file, **exact)) {
                if (const auto other = search.find(file); other && !search.is_starter(file, other->content)) {
                    stage.note(fmt::format(
                        "{} is the starter, unchanged; {} was not taken, since only one of them can be.",
                        file, shown_path(other->path)));
                }
            }
            continue;
        }
        auto found = search.find(file);
        if (!found) {
            stage.refuse(file, std::move(found.error()));
            continue;
        }
        if (auto taken = stage.take(file, found->content); !taken) {
            return tl::unexpected(taken.error());
        }
        stage.note_place(file, found->path);
        if (!found->passed_over.empty()) {
            stage.note(fmt::format("{} is the starter, unchanged, and was left aside.",
                                   shown_path(found->passed_over)));
        }
    }
    return stage.result();
}

/// A submission that is one file.
process::Result<StagedSubmission> stage_file(const std::filesystem::path& submission,
                                             const Activity& activity, const std::filesystem::path& into) {
    const std::string name = submission.filename().string();
    const std::string wanted = fmt::format("{}", shown_path(name));
    if (!asks_for(activity, name)) {
        return process::failed(fmt::format("{} is no folder, and no file that activity {} asks for",
                                           submission.string(), activity.number),
                               "Give the folder that holds the files to grade.");
    }
    const Descriptor folder(open(submission.has_parent_path() ? submission.parent_path().c_str() : ".",
                                 O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Stage stage(activity, into);
    for (const std::string& file : activity.submit) {
        if (!likeness(name, file)) {
            stage.refuse(file, {.what = "missing",
                                .found = "handed in: " + wanted + " alone",
                                .next = "Hand in the folder that holds all files of the activity."});
            continue;
        }
        const auto content = read_regular_file(folder.get(), name);
        if (!content) {
            stage.refuse(file, {content.error()});
            continue;
        }
        if (auto taken = stage.take(file, *content); !taken) {
            return tl::unexpected(taken.error());
        }
        if (name != file) {
            stage.note_place(file, name);
        }
    }
    return stage.result();
}

}  // namespace

bool asks_for(const Activity& activity, const std::string& file_name) {
    return std::any_of(activity.submit.begin(), activity.submit.end(),
                       [&](const std::string& file) { return likeness(file_name, file).has_value(); });
}

process::Result<StagedSubmission> stage(const std::filesystem::path& submission, const Activity& activity,
                                        const std::filesystem::path& into, const Surroundings& surroundings) {
    Descriptor whole(open(submission.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (whole) {
        return stage_folder(std::move(whole), name_of_folder(submission), activity, into, surroundings);
    }
    if (errno == ENOTDIR && submission.has_filename()) {
        return stage_file(submission, activity, into);
    }
    return process::failed(
        fmt::format("{} is no folder that can be read: {}", submission.string(), message_of(errno)),
        "Give the folder that holds the files to grade.");
}

}  // namespace vmlab::grading
