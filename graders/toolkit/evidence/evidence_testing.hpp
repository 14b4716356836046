#pragma once

// For this room's tests alone.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "vmlab/process/files.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::evidence {

/// A recorded file of data/. Paths in it are changed to /home/student and /opt/vmlab.
inline std::string recorded(const std::string& name) {
    std::ifstream file(std::filesystem::path(VMLAB_SOURCE_DIR) / "graders/toolkit/evidence/data" / name,
                       std::ios::binary);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Builds small programs and runs them under real instruments; skips where the machine lacks what that needs.
class LiveTest : public testing::Test {
  protected:
    void SetUp() override {
        auto folder = process::TemporaryFolder::create();
        ASSERT_TRUE(folder) << folder.error().what;
        folder_.emplace(std::move(*folder));
        if (auto opened =
                process::Sandbox::open(process::TierChoice::automatic, VMLAB_SUPPORT_DIR, folder_->path())) {
            sandbox_.emplace(std::move(*opened));
        } else {
            GTEST_SKIP() << opened.error().what;
        }
    }

    /// Skips the test when the machine lacks what the run needs.
    template <class Made>
    bool lacks(const process::Result<Made>& made) const {
        EXPECT_TRUE(made || made.error().kind == process::ErrorKind::machine_lacks) << made.error().what;
        return !made;
    }

    [[nodiscard]] std::filesystem::path build(const std::string& source,
                                              const std::string& flags = "-g -O0") const {
        const std::filesystem::path file = folder_->path() / "program.cpp";
        std::ofstream(file) << source;
        const std::filesystem::path program = folder_->path() / "program";
        const auto built = process::run_tool(
            {"/bin/sh", "-c",
             "g++ -std=c++20 -w " + flags + " -o '" + program.string() + "' '" + file.string() + "'"});
        EXPECT_TRUE(built && built->succeeded()) << (built ? built->err : built.error().what);
        return program;
    }

    [[nodiscard]] const process::Sandbox& sandbox() const { return *sandbox_; }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_->path(); }

  private:
    std::optional<process::TemporaryFolder> folder_;
    std::optional<process::Sandbox> sandbox_;
};

}  // namespace vmlab::evidence
