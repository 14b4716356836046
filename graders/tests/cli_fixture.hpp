#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.hpp"
#include "corpus.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::cli_tests {

namespace fs = std::filesystem;

inline const fs::path source = VMLAB_SOURCE_DIR;

/// Far above what anything takes on a machine that is busy with other things.
inline constexpr std::chrono::seconds patience{240};

void write(const fs::path& file, const std::string& text);
[[nodiscard]] std::string read(const fs::path& file);
[[nodiscard]] bool has_colour(const std::string& text);
[[nodiscard]] std::vector<fs::path> entries_of(const fs::path& folder);
/// Bad input: one message that says what, and what to do next; exit status 2.
void expect_refusal(const Ended& ended, const std::string& what, const std::string& next);

inline const corpus::Case solution_1{"01-heap-growth", corpus::Kind::solution, {}};

/// The built vmlab, used as a person would, in a temporary folder. Afterwards nothing may be left.
class CliTest : public ::testing::Test {
  protected:
    void SetUp() override;

    void TearDown() override;

    [[nodiscard]] static std::string cache();
    [[nodiscard]] const fs::path& folder() const { return folder_->path(); }
    /// TMPDIR of the command.
    [[nodiscard]] fs::path temporary() const { return folder() / "tmp"; }
    /// The checkout that the command works on after work_on_a_copy().
    [[nodiscard]] fs::path copy() const { return folder() / "checkout"; }

    [[nodiscard]] Command command(const std::vector<std::string>& arguments,
                                  Output output = Output::pipe) const;

    [[nodiscard]] static Ended finish(Running& running);

    [[nodiscard]] static Ended run(const Command& command) {
        Running running(command);
        return finish(running);
    }

    [[nodiscard]] Ended vmlab(const std::vector<std::string>& arguments, Output output = Output::pipe) const {
        return run(command(arguments, output));
    }

    /// Lays a case of the corpus out as a submission and returns its folder.
    [[nodiscard]] fs::path submission(const corpus::Case& each) const;

    /// Grades as JSON and returns the only activity.
    [[nodiscard]] nlohmann::json grade_activity(int number, const fs::path& submission,
                                                int expected_status) const;

    /// From now on vmlab works on a copy of the activities: what it changes is not this checkout.
    void work_on_a_copy();

    /// The reference solution takes the place of the starter in the copy.
    void solve_in_copy(const std::string& activity) const;

    std::map<std::string, std::string> environment;

  private:
    std::unique_ptr<process::TemporaryFolder> folder_;
};

}  // namespace vmlab::cli_tests
