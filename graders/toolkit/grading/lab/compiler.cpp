#include "grading/lab/compiler.hpp"

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "vmlab/process/tools.hpp"

namespace vmlab::grading {

namespace fs = std::filesystem;

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

std::vector<std::string> pinned_flags(const BuildOptions& options) {
    std::vector<std::string> flags{"-std=c++20"};
    if (options.debug_info) {
        flags.emplace_back("-g");
    }
    flags.insert(flags.end(), {"-O0", "-Wall", "-Wextra"});
    flags.insert(flags.end(), options.extra_flags.begin(), options.extra_flags.end());
    return flags;
}

std::vector<std::string> libraries(const BuildOptions& options) {
    return options.with_fmt ? std::vector<std::string>{"-lfmt"} : std::vector<std::string>{};
}

process::Result<fs::path> make_build_folder(const fs::path& into, const std::string& name) {
    std::string path = (into / (name + "-XXXXXX")).string();
    if (mkdtemp(path.data()) == nullptr) {
        return process::failed_call("mkdtemp", path);
    }
    if (chmod(path.c_str(), 0755) != 0) {
        return process::failed_call("chmod", path);
    }
    return fs::path(path);
}

process::Result<process::Run> compile(const process::Sandbox& sandbox, const Compilation& compilation) {
    const auto compiler = process::find_tool("g++", "g++");
    if (!compiler) {
        return tl::unexpected(compiler.error());
    }
    const fs::path folder = compilation.source.parent_path();
    const fs::path precompiled = sandbox.support() / "precompiled";
    process::Job job;
    job.argv.push_back(compiler->string());
    for (std::string& flag : pinned_flags(compilation.options)) {
        job.argv.push_back(std::move(flag));
    }
    job.argv.insert(job.argv.end(),
                    {"-fdiagnostics-color=never", "-ffile-prefix-map=" + folder.string() + "/="});
    job.readable = {compilation.source};
    if (compilation.with_precompiled) {
        job.argv.push_back("-I" + precompiled.string());
        job.readable.push_back(precompiled);
    }
    job.argv.insert(job.argv.end(), {"-o", (compilation.output_folder / compilation.name).string(),
                                     compilation.source.string()});
    for (std::string& library : libraries(compilation.options)) {
        job.argv.push_back(std::move(library));
    }
    job.writable = {compilation.output_folder};
    job.limits = compiler_limits();
    job.with_compiler = true;
    return sandbox.run(job);
}

}  // namespace vmlab::grading
