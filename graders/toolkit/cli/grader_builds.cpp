#include "cli/grader_builds.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include "vmlab/process/files.hpp"

namespace vmlab::cli {

namespace {

namespace fs = std::filesystem;

std::string from_environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

bool was_built_with(const fs::path& stamp, const std::string& key) {
    const auto text = process::read_file(stamp);
    return text && *text == key + "\n";
}

/// Waits for a command whose stderr is ours. Its wait status.
process::Result<int> finish(std::vector<std::string> argv) {
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (std::string& word : argv) {
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    // We ignore SIGPIPE; a shell's pipelines rely on it.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &pipe);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    // Its stdout is our stderr: our own stdout is for results.
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    pid_t child = -1;
    const int error = posix_spawn(&child, words.front(), &files, &attributes, words.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        return process::failed(fmt::format("start {}: {}", argv.front(), std::strerror(error)));
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return process::failed_call("waitpid");
        }
    }
    return status;
}

}  // namespace

process::Result<void> build_graders(const Place& place, const std::vector<grading::Activity>& activities) {
    const std::string lab = from_environment("VMLAB_LAB");
    const std::string key = from_environment("VMLAB_KEY");
    std::vector<std::string> build = {lab, "--build"};
    for (const grading::Activity& activity : activities) {
        const fs::path grader = place.grader(activity);
        const std::string target = grader.filename().string();
        std::error_code error;
        const bool there = fs::exists(grader, error);
        if (lab.empty() && !there) {
            return process::failed(fmt::format("the grader of activity {} is not built", activity.number),
                                   fmt::format("scripts/lab grade {}", activity.number));
        }
        if (!there || (!lab.empty() && !was_built_with(place.build / "built" / target, key))) {
            build.push_back(target);
        }
    }
    if (lab.empty() || build.size() == 2) {
        return {};
    }
    const auto status = finish(std::move(build));
    if (!status) {
        return tl::unexpected(status.error());
    }
    if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
        return process::failed("graders could not be built", "see above: nothing was graded");
    }
    return {};
}

}  // namespace vmlab::cli
