#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "vmlab/process/descriptor.hpp"

namespace vmlab::grading {

/// How far a survey goes: nobody's homework is larger.
inline constexpr std::size_t most_entries = 20'000;
inline constexpr int deepest_level = 8;

/// What lies in a folder that was handed in, by names alone: nothing is opened but folders, no link is
/// followed.
struct Survey {
    struct Entry {
        std::string path;  ///< below the folder: "src/heap_growth.cpp"
        std::string is;    ///< "a link", "a FIFO", ... of what is no regular file; empty of one
    };
    /// Level by level, in the order of the paths. Hidden files and folders are left out, __MACOSX too,
    /// folders of builds, and those of graders, whose solutions and starters bear the names that are looked
    /// for.
    std::vector<Entry> entries;
    std::vector<std::string> unreadable;  ///< folders that may not be read
    /// Why not everything was looked at: "it holds more than 20000 entries". The levels above the first that
    /// was not looked at in full are there all the same. Empty: nothing was left out.
    std::string cut;
};

/// `folder` is any descriptor of the folder.
[[nodiscard]] Survey survey(int folder);

/// Opens a folder below another one: by parts, none of which may be a link. Invalid, with errno, when it
/// cannot.
[[nodiscard]] process::Descriptor open_folder_below(int folder, const std::string& path);

}  // namespace vmlab::grading
