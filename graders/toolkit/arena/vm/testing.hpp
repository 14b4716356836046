#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arena/vm/vm.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {

/// Tests only: a sandbox and the VM arena of this machine. A test that needs them is skipped, with the
/// reason, where the machine lacks a part of it.
class VmTest : public testing::Test {
  protected:
    void SetUp() override {
        auto sandbox =
            process::Sandbox::open(process::TierChoice::automatic, VMLAB_SUPPORT_DIR, folder_.path());
        if (!sandbox) {
            ASSERT_EQ(sandbox.error().kind, process::ErrorKind::machine_lacks) << sandbox.error().what;
            GTEST_SKIP() << sandbox.error().what;
        }
        sandbox_ = std::move(*sandbox);
        VmOptions options;
        options.on_progress = [this](std::string_view line) { progress_ += std::string(line) + '\n'; };
        auto arena = open_vm(*sandbox_, options);
        if (!arena) {
            ASSERT_EQ(arena.error().kind, process::ErrorKind::machine_lacks) << arena.error().what;
            GTEST_SKIP() << arena.error().what << " (" << arena.error().fix << ")";
        }
        arena_ = std::move(*arena);
    }

    /// Programs of this machine that need no library but those of the guest.
    static Contestant contestant(std::vector<std::string> argv, int start_after_lines = 0) {
        Contestant made;
        made.job.argv = std::move(argv);
        made.job.readable = {hog(), shell_program(), "/usr/bin/sleep", "/usr/bin/cat"};
        made.job.limits.wall = std::chrono::seconds(30);
        made.start_after_lines = start_after_lines;
        return made;
    }
    static Contestant shell(const std::string& script, int start_after_lines = 0) {
        return contestant({shell_program(), "-c", script}, start_after_lines);
    }
    static Request request(Scope scope, std::vector<Contestant> contestants) {
        Request made;
        made.scope = scope;
        made.memory_bytes = scope == Scope::machine ? 128U << 20U : 16U << 20U;
        made.contestants = std::move(contestants);
        return made;
    }
    [[nodiscard]] Outcome run(const Request& request) const {
        auto outcome = arena_->run(*sandbox_, request);
        EXPECT_TRUE(outcome) << outcome.error().what;
        if (outcome) {
            return std::move(*outcome);
        }
        Outcome nothing;
        nothing.contestants.resize(request.contestants.size());
        return nothing;
    }

    static std::string hog() { return VMLAB_SUPPORT_DIR "/vmlab-hog"; }
    static std::string shell_program() { return "/usr/bin/dash"; }

    process::TemporaryFolder folder_ = process::TemporaryFolder::create().value();
    std::optional<process::Sandbox> sandbox_;
    std::unique_ptr<Arena> arena_;
    std::string progress_;
};

}  // namespace vmlab::arena
