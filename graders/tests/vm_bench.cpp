// Drives the VM arena for scripts/bench: a machine of 128 MiB that runs out of memory, so many times over.
// Prints a line for each thing done: what, how many seconds, and whether the verdict was right.
//
//   vm_bench SUPPORT RUNS [--boot] [--cache FOLDER]

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "arena/vm/cache.hpp"
#include "arena/vm/vm.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace {

using namespace vmlab;
using Clock = std::chrono::steady_clock;

void report(const std::string& what, Clock::time_point begun, const std::string& wrong = {}) {
    const std::chrono::duration<double> taken = Clock::now() - begun;
    fmt::print("{} {:.4f} {}\n", what, taken.count(), wrong.empty() ? "right" : "WRONG " + wrong);
    std::fflush(stdout);
}

arena::Request machine_that_runs_out(const std::filesystem::path& support) {
    const std::filesystem::path hog = support / "vmlab-hog";
    arena::Contestant contestant;
    contestant.job.argv = {hog.string()};
    contestant.job.readable = {hog};
    arena::Request request;
    request.scope = arena::Scope::machine;
    request.memory_bytes = 128U << 20U;
    request.contestants.push_back(std::move(contestant));
    return request;
}

std::string what_is_wrong(const process::Result<arena::Outcome>& outcome) {
    if (!outcome) {
        return outcome.error().what;
    }
    const arena::ContestantResult& result = outcome->contestants.front();
    if (!result.oom_killed) {
        return "not OOM-killed: " + result.run.describe();
    }
    return result.log_record ? "" : "not in the kernel's log";
}

int bench(const std::vector<std::string>& arguments) {
    const std::filesystem::path support = arguments.at(0);
    const int runs = std::stoi(arguments.at(1));
    arena::VmOptions options;
    options.probe = false;
    for (std::size_t i = 2; i < arguments.size(); ++i) {
        if (arguments[i] == "--boot") {
            options.always_boot = true;
        } else if (arguments[i] == "--cache") {
            options.cache = arguments.at(++i);
        }
    }
    const auto folder = process::TemporaryFolder::create();
    if (!folder) {
        fmt::print(stderr, "{}\n", folder.error().what);
        return 1;
    }
    const auto sandbox = process::Sandbox::open(process::TierChoice::automatic, support, folder->path());
    if (!sandbox) {
        fmt::print(stderr, "{}\n", sandbox.error().what);
        return 1;
    }
    const auto opening = Clock::now();
    const auto opened = arena::open_vm(*sandbox, options);
    if (!opened) {
        fmt::print(stderr, "{}\n{}\n", opened.error().what, opened.error().fix);
        return 1;
    }
    report("open", opening);
    const arena::Request request = machine_that_runs_out(support);
    int wrong = 0;
    for (int i = 0; i < runs; ++i) {
        const auto begun = Clock::now();
        const std::string fault = what_is_wrong((*opened)->run(*sandbox, request));
        report("run", begun, fault);
        wrong += fault.empty() ? 0 : 1;
    }
    return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 2) {
        fmt::print(stderr, "usage: vm_bench SUPPORT RUNS [--boot] [--cache FOLDER]\n");
        return 2;
    }
    try {
        return bench(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
