#include "arena/vm/vm.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "arena/vm/arena.hpp"
#include "arena/vm/image.hpp"
#include "arena/vm/machine.hpp"
#include "vmlab/process/temporary_folder.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint64_t proof_bytes = 128U << 20U;

void say_on_terminal(std::string_view line) {
    if (::isatty(STDERR_FILENO) == 1) {
        fmt::print(stderr, "{}\n", line);
    }
}

std::string dated_name_of(const fs::path& file) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0) {
        return "absent";
    }
    return fmt::format("{} {} {}.{:09}", file.string(), facts.st_size, facts.st_mtim.tv_sec,
                       facts.st_mtim.tv_nsec);
}

// Everything that a state depends on.
std::string recipe_of(const fs::path& qemu, const ImagePlan& plan) {
    std::string recipe = fmt::format("QEMU {}\n", dated_name_of(qemu));
    for (const std::string& word : Machine{qemu}.snapshot({"kernel", "initramfs"}, "folder").argv) {
        recipe += word + "\n";
    }
    return recipe + plan.fingerprint;
}

process::Result<void> probe(const Arena& arena, const process::Sandbox& sandbox) {
    const fs::path hog = sandbox.support() / "vmlab-hog";
    Request request;
    request.memory_bytes = proof_bytes;
    request.scope = Scope::machine;
    process::Job job;
    job.argv = {hog.string()};
    job.readable = {hog};
    job.limits.wall = 30s;
    request.contestants.push_back({.job = std::move(job)});
    const auto outcome = arena.run(sandbox, request);
    if (!outcome) {
        return tl::unexpected(outcome.error());
    }
    const ContestantResult& result = outcome->contestants.front();
    if (!result.oom_killed) {
        return process::machine_lacks(
            fmt::format("a program that outgrows the VM arena's machine is not OOM-killed there ({}, {} OOM "
                        "kills counted)",
                        result.run.describe(), outcome->oom_kills),
            "scripts/setup --vm fetches a kernel that is known to work");
    }
    return {};
}

}  // namespace

process::Result<std::unique_ptr<Arena>> open_vm(const process::Sandbox& sandbox, const VmOptions& options) {
    const auto qemu = options.qemu ? process::Result<fs::path>(*options.qemu) : find_qemu();
    if (!qemu) {
        return tl::unexpected(qemu.error());
    }
    const auto kernel = options.kernel ? process::Result<Kernel>(*options.kernel) : find_kernel();
    if (!kernel) {
        return tl::unexpected(kernel.error());
    }
    const auto plan = plan_image(*kernel, sandbox.support());
    if (!plan) {
        return tl::unexpected(plan.error());
    }
    auto folder = process::TemporaryFolder::create();
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    VmParts parts{.qemu = *qemu,
                  .files = {},
                  .cache = std::nullopt,
                  .folder = std::move(*folder),
                  .on_progress = options.on_progress ? options.on_progress : say_on_terminal,
                  .always_boot = options.always_boot,
                  .boot_patience = options.boot_patience,
                  .first_word = options.first_word};

    const auto write = [&](const fs::path& to) -> process::Result<GuestFiles> {
        if (auto works = check_qemu_version(*qemu); !works) {
            return tl::unexpected(works.error());
        }
        return write_image(*plan, to);
    };
    auto cache = VmCache::open(options.cache.value_or(vm_cache_folder()), recipe_of(*qemu, *plan), write,
                               [say = parts.on_progress] {
                                   say("waiting for another grader that builds the VM arena's snapshot ...");
                               });
    if (!cache && cache.error().kind == process::ErrorKind::machine_lacks) {
        return tl::unexpected(cache.error());
    }
    bool proven = !options.probe;
    if (cache) {
        parts.files = cache->files();
        proven = proven || (!options.always_boot && cache->is_proven(proof_bytes >> 20U));
        parts.cache = std::move(*cache);
    } else {
        parts.on_progress(fmt::format("the VM arena boots for every run: {}", cache.error().what));
        const auto written = write(parts.folder.path());
        if (!written) {
            return tl::unexpected(written.error());
        }
        parts.files = *written;
    }
    auto arena = std::make_unique<VmArena>(std::move(parts));
    if (!proven) {
        if (auto works = probe(*arena, sandbox); !works) {
            return tl::unexpected(works.error());
        }
        if (!options.always_boot) {
            arena->remember_proof(proof_bytes >> 20U);
        }
    }
    return arena;
}

}  // namespace vmlab::arena
