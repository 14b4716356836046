#pragma once

#include <filesystem>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// What a program may see of the machine's own files: the distribution's part of the system folders, chosen
/// by name, so that whatever else lies there (/usr/local, /usr/src, a checkout in /usr/lib) is not seen.
struct SystemView {
    /// Files, folders and symbolic links (the links themselves: where they lead is seen only if it is shown
    /// too).
    std::vector<std::filesystem::path> shown;
    /// Below a shown folder, and not the distribution's. None lies below another.
    std::vector<std::filesystem::path> covered;
};

/// What no program may see, wherever it lies. Paths need not exist.
struct PrivatePlaces {
    std::vector<std::filesystem::path>
        vmlabs;  ///< checkout, submission: must be hidden, and with them the folders that they are in
    std::vector<std::filesystem::path> persons;  ///< home folders and the like, unless the system shares them
    std::vector<std::filesystem::path> mounts;   ///< mount points; real paths
};

/// The places that belong to whoever runs this process: home and state folders, this program's own folder.
[[nodiscard]] std::vector<std::filesystem::path> own_places();

/// Where something is mounted in this process's mount namespace.
[[nodiscard]] std::vector<std::filesystem::path> mount_points();

/// The view of the machine whose files begin at `root` ("/", but in tests). With the headers of the C and C++
/// libraries, the kernel and fmt for a compiler; never with Valgrind's (client requests). An Error of kind
/// machine_lacks: one of vmlab's places is itself a folder that must be shown.
[[nodiscard]] Result<SystemView> system_view(const std::filesystem::path& root, bool with_compiler,
                                             const PrivatePlaces& hidden);

/// The same view for a mechanism that can show but not cover: files and folders, without links, that together
/// hold what is shown and nothing that is covered.
[[nodiscard]] std::vector<std::filesystem::path> without_covered(const SystemView& view);

}  // namespace vmlab::process
