#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::grading::testing_tools {

/// For the unit tests: a temporary folder that files are written into.
class ScratchFolder {
  public:
    ScratchFolder() : folder_(process::TemporaryFolder::create().value()) {}

    [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

    /// Writes a file, making the folders on the way.
    std::filesystem::path write(const std::string& name, std::string_view content) const {
        const std::filesystem::path file = path() / name;
        std::filesystem::create_directories(file.parent_path());
        if (auto written = process::write_file_atomically(file, content); !written) {
            throw std::runtime_error(written.error().what);
        }
        return file;
    }

  private:
    process::TemporaryFolder folder_;
};

}  // namespace vmlab::grading::testing_tools
