#include "vmlab/grading/build.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "grading/lab/compiler.hpp"
#include "grading/lab/cut_off.hpp"
#include "grading/lab/known_good.hpp"

namespace vmlab::grading {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t message_bytes = 16U << 10U;

/// Takes our own folders out of the compiler's messages: what remains are bare file names.
std::string without_folder(std::string text, const fs::path& folder) {
    const std::string prefix = folder.string() + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
        text.erase(at, prefix.size());
    }
    return text;
}

std::string capped(std::string text) {
    if (text.size() <= message_bytes) {
        return text;
    }
    text.resize(message_bytes);
    return text.substr(0, text.rfind('\n') + 1) + "[more messages left out]\n";
}

/// Moves what the compiler wrote to a folder that is ours alone: the compiler's folder may belong to another
/// user. The file itself is moved, not copied: whoever has just written a program cannot be sure that it can
/// be executed (ETXTBSY, execve(2)), since a child that another thread starts meanwhile has it open for
/// writing too.
process::Result<fs::path> take_executable(const fs::path& from, const fs::path& into,
                                          const std::string& name) {
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(from / name, error))) {
        return process::failed("the compiler reported success but left no executable");
    }
    auto folder = make_build_folder(into, name);
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const fs::path executable = *folder / name;
    fs::rename(from / name, executable, error);
    if (error) {
        return process::failed(fmt::format("rename {}: {}", executable.string(), error.message()));
    }
    if (lchown(executable.c_str(), geteuid(), getegid()) != 0) {
        return process::failed_call("lchown", executable.string());
    }
    if (chmod(executable.c_str(), 0755) != 0) {
        return process::failed_call("chmod", executable.string());
    }
    return executable;
}

/// A copy of the source in a folder that every user may enter: the source's own may be private.
process::Result<fs::path> reachable_source(const fs::path& source, const fs::path& into,
                                           const std::string& name) {
    auto folder = make_build_folder(into, name + "-source");
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const fs::path copy = *folder / source.filename();
    std::error_code error;
    if (!fs::copy_file(source, copy, error)) {
        return process::failed(fmt::format("copy {}: {}", source.string(), error.message()));
    }
    if (chmod(copy.c_str(), 0644) != 0) {
        return process::failed_call("chmod", copy.string());
    }
    return copy;
}

/// A compiler that found no room says so in words that the student's own text could hold too: so the disk is
/// asked. No submission can fill it.
process::Result<void> require_room(const fs::path& folder) {
    constexpr std::uintmax_t enough = 16U << 20U;
    std::error_code error;
    const fs::space_info space = fs::space(folder, error);
    if (error || space.available >= enough) {
        return {};
    }
    return process::failed(
        fmt::format("the disk is full: {} bytes are left for what is built", space.available),
        "Free some space there, or set TMPDIR to a folder on another disk.");
}

/// One try, and what is known of it.
struct Attempt {
    process::Run run;
    bool was_cut_off = false;
};

/// A failed compilation counts when it is the program's doing: an Error when it is, or may be, the machine's.
process::Result<void> require_fair(const process::Sandbox& sandbox, const Compilation& compilation,
                                   const process::Run& run, const fs::path& into) {
    if (auto room = require_room(into); !room) {
        return room;
    }
    if (auto good = require_known_good(sandbox, into, compilation.options); !good) {
        return good;
    }
    // What a source can make the compiler do costs processor time, and that has a limit of its own.
    if (run.ending == process::Ending::timed_out) {
        return process::failed(fmt::format("g++ did not come to an end: {}", run.describe()),
                               "This machine is too busy. Grade again later, or with a smaller --jobs.");
    }
    return {};
}

/// A compiler that was cut off is not judged yet: what else was running here may be the reason.
process::Result<Attempt> compile_in_a_slot(const process::Sandbox& sandbox, const Compilation& compilation,
                                           const fs::path& into, const Slots* slots) {
    std::optional<Slots::Held> held;
    if (slots != nullptr) {
        auto slot = slots->take();
        if (!slot) {
            return tl::unexpected(slot.error());
        }
        held.emplace(std::move(*slot));
    }
    auto run = compile(sandbox, compilation);
    if (!run) {
        return tl::unexpected(run.error());
    }
    Attempt attempt{std::move(*run), false};
    attempt.was_cut_off = was_cut_off(attempt.run, compiler_limits());
    if (attempt.run.succeeded() || attempt.was_cut_off) {
        return attempt;
    }
    if (auto fair = require_fair(sandbox, compilation, attempt.run, into); !fair) {
        return tl::unexpected(fair.error());
    }
    return attempt;
}

/// While nothing else of ours runs. A compiler that is cut off even so has crossed a limit of ours, or this
/// machine has less than that.
process::Result<Attempt> compile_alone(const process::Sandbox& sandbox, const Compilation& compilation,
                                       const fs::path& into, const Slots* slots) {
    std::vector<Slots::Held> held;
    if (slots != nullptr) {
        auto all = slots->take_all();
        if (!all) {
            return tl::unexpected(all.error());
        }
        held = std::move(*all);
    }
    auto run = compile(sandbox, compilation);
    if (!run) {
        return tl::unexpected(run.error());
    }
    if (!run->succeeded()) {
        if (auto fair = require_fair(sandbox, compilation, *run, into); !fair) {
            return tl::unexpected(fair.error());
        }
        if (auto own = require_own_limit(*run, compiler_limits()); !own) {
            return tl::unexpected(own.error());
        }
    }
    return Attempt{std::move(*run), false};
}

}  // namespace

std::string build_command(const fs::path& source, const std::string& name, const BuildOptions& options) {
    std::string command = "g++";
    for (const std::string& flag : pinned_flags(options)) {
        command += " " + flag;
    }
    command += fmt::format(" {} -o {}", source.filename().string(), name);
    for (const std::string& library : libraries(options)) {
        command += " " + library;
    }
    return command;
}

process::Result<BuildOutcome> build(const process::Sandbox& sandbox, const fs::path& source,
                                    const std::string& name, const fs::path& into,
                                    const BuildOptions& options, const Slots* slots) {
    const auto output_folder = make_build_folder(into, name + "-build");
    if (!output_folder) {
        return tl::unexpected(output_folder.error());
    }
    const auto copy = reachable_source(source, into, name);
    if (!copy) {
        return tl::unexpected(copy.error());
    }
    const Compilation compilation{*copy, name, *output_folder, options};
    process::Result<Attempt> attempt = compile_in_a_slot(sandbox, compilation, into, slots);
    if (attempt && attempt->was_cut_off) {
        attempt = compile_alone(sandbox, compilation, into, slots);
    }
    if (!attempt) {
        return tl::unexpected(attempt.error());
    }
    const process::Run& run = attempt->run;

    BuildOutcome outcome;
    outcome.succeeded = run.succeeded();
    outcome.command = build_command(source, name, options);
    outcome.messages =
        capped(without_folder(without_folder(run.out + run.err, copy->parent_path()), *output_folder));
    if (run.ending != process::Ending::finished) {
        outcome.messages = fmt::format("g++: {}\n", run.describe()) + outcome.messages;
    }
    if (outcome.succeeded) {
        auto executable = take_executable(*output_folder, into, name);
        if (!executable) {
            return tl::unexpected(executable.error());
        }
        outcome.program = {name, std::move(*executable), source.filename().string()};
    }
    std::error_code ignored;
    fs::remove_all(*output_folder, ignored);
    fs::remove_all(copy->parent_path(), ignored);
    return outcome;
}

}  // namespace vmlab::grading
