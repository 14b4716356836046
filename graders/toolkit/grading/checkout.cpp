#include "vmlab/grading/checkout.hpp"

#include <fmt/format.h>

#include <system_error>

namespace vmlab::grading {

namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& folder) {
    std::error_code error;
    return fs::is_directory(folder, error);
}

}  // namespace

process::Result<Checkout> find_checkout(const fs::path& build, const char* named) {
    if (named != nullptr && *named != '\0') {
        std::error_code error;
        const fs::path root = fs::absolute(named, error);
        if (error || !is_folder(root / "activities")) {
            return process::failed(fmt::format("there is no folder {}", (root / "activities").string()),
                                   "VMLAB_ROOT names a checkout: the folder that holds activities/");
        }
        return Checkout{root, build};
    }
    for (fs::path root = build; root.has_relative_path(); root = root.parent_path()) {
        if (is_folder(root / "activities") && is_folder(root / "graders")) {
            return Checkout{root, build};
        }
    }
    return process::failed(fmt::format("no folder above {} is a checkout", build.string()),
                           "start it by scripts/lab, or name the checkout: VMLAB_ROOT=FOLDER");
}

process::Result<fs::path> own_executable() {
    std::error_code error;
    fs::path executable = fs::read_symlink("/proc/self/exe", error);
    if (error) {
        return process::failed("cannot tell where this program itself is: " + error.message());
    }
    return executable;
}

}  // namespace vmlab::grading
