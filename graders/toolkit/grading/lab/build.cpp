#include "vmlab/grading/build.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "vmlab/process/files.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::grading {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t message_bytes = 16U << 10U;

process::Limits compiler_limits() {
    process::Limits limits;
    limits.wall = std::chrono::seconds(60);
    limits.cpu_seconds = 30;
    limits.address_space_bytes = 2ULL << 30U;
    limits.file_bytes = 64U << 20U;
    limits.output_bytes = 1U << 20U;
    limits.memory_bytes = 2ULL << 30U;
    return limits;
}

/// A new folder INTO/NAME-xxxxxx that everybody may enter, for a compiler that runs as another user.
process::Result<fs::path> make_folder(const fs::path& into, const std::string& name) {
    std::string path = (into / (name + "-XXXXXX")).string();
    if (mkdtemp(path.data()) == nullptr) {
        return process::failed_call("mkdtemp", path);
    }
    if (chmod(path.c_str(), 0755) != 0) {
        return process::failed_call("chmod", path);
    }
    return fs::path(path);
}

/// The options that every program of the lab is built with.
std::vector<std::string> pinned_flags(const BuildOptions& options) {
    std::vector<std::string> flags{"-std=c++20"};
    if (options.debug_info) {
        flags.emplace_back("-g");
    }
    flags.insert(flags.end(), {"-O0", "-Wall", "-Wextra"});
    flags.insert(flags.end(), options.extra_flags.begin(), options.extra_flags.end());
    return flags;
}

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
    auto folder = make_folder(into, name);
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

process::Result<process::Run> compile(const process::Sandbox& sandbox, const fs::path& source,
                                      const std::string& name, const fs::path& output_folder,
                                      const BuildOptions& options) {
    const auto compiler = process::find_tool("g++", "g++");
    if (!compiler) {
        return tl::unexpected(compiler.error());
    }
    const fs::path folder = source.parent_path();
    const fs::path precompiled = sandbox.support() / "precompiled";
    process::Job job;
    job.argv.push_back(compiler->string());
    for (std::string& flag : pinned_flags(options)) {
        job.argv.push_back(std::move(flag));
    }
    job.argv.insert(job.argv.end(),
                    {"-fdiagnostics-color=never",
                     "-ffile-prefix-map=" + folder.string() + "/=", "-I" + precompiled.string(), "-o",
                     (output_folder / name).string(), source.string(), "-lfmt"});
    job.readable = {source, precompiled};
    job.writable = {output_folder};
    job.limits = compiler_limits();
    job.with_compiler = true;
    return sandbox.run(job);
}

/// A copy of the source in a folder that every user may enter: the source's own may be private.
process::Result<fs::path> reachable_source(const fs::path& source, const fs::path& into,
                                           const std::string& name) {
    auto folder = make_folder(into, name + "-source");
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

bool may_lack_fmt(std::string_view messages) {
    return messages.find("fmt/core.h: No such file") != std::string_view::npos ||
           messages.find("cannot find -lfmt") != std::string_view::npos;
}

/// Whether the smallest program with fmt compiles here. Asked only when a message hints at it: the student's
/// own text could say the same.
process::Result<void> require_fmt(const process::Sandbox& sandbox, const fs::path& into) {
    auto folder = make_folder(into, "fmt-probe");
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const fs::path source = *folder / "probe.cpp";
    if (auto written = process::write_file_atomically(
            source, "#include <fmt/core.h>\nint main() { fmt::print(\"\"); }\n");
        !written) {
        return written;
    }
    const auto run = compile(sandbox, source, "probe", *folder, {});
    if (!run) {
        return tl::unexpected(run.error());
    }
    if (run->succeeded()) {
        return {};
    }
    return process::machine_lacks("the fmt library is missing, so that no program of the lab can be built",
                                  "sudo apt-get install libfmt-dev");
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

}  // namespace

std::string build_command(const fs::path& source, const std::string& name, const BuildOptions& options) {
    std::string command = "g++";
    for (const std::string& flag : pinned_flags(options)) {
        command += " " + flag;
    }
    return command + fmt::format(" {} -o {} -lfmt", source.filename().string(), name);
}

process::Result<BuildOutcome> build(const process::Sandbox& sandbox, const fs::path& source,
                                    const std::string& name, const fs::path& into,
                                    const BuildOptions& options) {
    const auto output_folder = make_folder(into, name + "-build");
    if (!output_folder) {
        return tl::unexpected(output_folder.error());
    }
    const auto copy = reachable_source(source, into, name);
    if (!copy) {
        return tl::unexpected(copy.error());
    }
    const auto run = compile(sandbox, *copy, name, *output_folder, options);
    if (!run) {
        return tl::unexpected(run.error());
    }

    BuildOutcome outcome;
    outcome.succeeded = run->succeeded();
    outcome.command = build_command(source, name, options);
    outcome.messages =
        capped(without_folder(without_folder(run->out + run->err, copy->parent_path()), *output_folder));
    if (run->ending != process::Ending::finished) {
        outcome.messages = fmt::format("g++: {}\n", run->describe()) + outcome.messages;
    }
    if (outcome.succeeded) {
        auto executable = take_executable(*output_folder, into, name);
        if (!executable) {
            return tl::unexpected(executable.error());
        }
        outcome.program = {name, std::move(*executable), source.filename().string()};
    } else {
        // What a source can make the compiler do costs processor time, and that has a limit of its own.
        if (run->ending == process::Ending::timed_out) {
            return process::failed(fmt::format("g++ did not come to an end: {}", run->describe()),
                                   "This machine is too busy. Grade again later, or with a smaller --jobs.");
        }
        if (auto room = require_room(into); !room) {
            return tl::unexpected(room.error());
        }
        if (may_lack_fmt(outcome.messages)) {
            if (auto fmt_there = require_fmt(sandbox, into); !fmt_there) {
                return tl::unexpected(fmt_there.error());
            }
        }
    }
    std::error_code ignored;
    fs::remove_all(*output_folder, ignored);
    fs::remove_all(copy->parent_path(), ignored);
    return outcome;
}

}  // namespace vmlab::grading
