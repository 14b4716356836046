#include "grading/lab/known_good.hpp"

#include <fmt/core.h>

#include <csignal>
#include <regex>
#include <sstream>
#include <string_view>
#include <system_error>

#include "grading/lab/compiler.hpp"
#include "vmlab/grading/verdict.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::grading {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view known_good_program = R"(#include <fmt/core.h>

#include <malloc.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

int main() {
    std::atomic<int> sum{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&sum, i] { sum += i; });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::map<std::string, std::unique_ptr<int>> names;
    names["sum"] = std::make_unique<int>(sum.load());
    std::ostringstream line;
    line << *names.at("sum") << sysconf(_SC_PAGESIZE);
    const std::function<void()> show = [&] { std::cout << line.str() << std::endl; };
    show();
    void* block = std::malloc(malloc_usable_size(nullptr) + 1);
    fmt::print("{} {}\n", block, std::max<int>(1, 2));
    std::free(block);
}
)";

/// What is looked at of the compiler's messages.
constexpr std::size_t most_bytes = 16U << 10U;

/// "12" of a g++ that is /usr/bin/x86_64-linux-gnu-g++-12.
std::string compiler_version() {
    const auto compiler = process::find_tool("g++", "g++");
    std::error_code error;
    const std::string name = compiler ? fs::canonical(*compiler, error).filename().string() : std::string();
    const std::size_t dash = name.rfind('-');
    const bool is_number = dash != std::string::npos && dash + 1 < name.size() &&
                           name.find_first_not_of("0123456789", dash + 1) == std::string::npos;
    return is_number ? name.substr(dash + 1) : std::string();
}

process::Error lacking(std::string what, const std::string& packages) {
    return {process::ErrorKind::machine_lacks, std::move(what),
            "sudo apt-get install --reinstall " + packages};
}

std::string standard_library(const std::string& version) {
    return version.empty() ? "libstdc++-dev" : fmt::format("libstdc++-{}-dev", version);
}

/// The Debian package that a header comes with.
std::string package_of(const std::string& header, const std::string& version) {
    if (header.starts_with("fmt/")) {
        return "libfmt-dev";
    }
    if (header.starts_with("linux/") || header.starts_with("asm/") || header.starts_with("asm-generic/")) {
        return "linux-libc-dev";
    }
    if (header.starts_with("bits/c++") || header.find(".h") == std::string::npos) {
        return standard_library(version);
    }
    // g++ has a few headers of its own; the others are the C library's.
    return header == "stddef.h" || header == "stdarg.h" || header == "stdint.h"
               ? fmt::format("libgcc-{}-dev libc6-dev", version)
               : "libc6-dev";
}

std::string first_error(const std::string& messages) {
    std::istringstream lines(messages);
    for (std::string line; std::getline(lines, line);) {
        for (const char* sign : {"error", "cannot", "undefined"}) {
            if (line.find(sign) != std::string::npos) {
                return excerpt(line, 1);
            }
        }
    }
    return excerpt(messages, 1);
}

}  // namespace

process::Error compiler_fault(const process::Run& run, const std::string& version) {
    using process::ErrorKind;
    const std::string messages = (run.err + run.out).substr(0, most_bytes);
    const std::string compiler = version.empty() ? "g++" : "g++-" + version;
    const std::string memory_fix =
        "Give this machine or container more memory (1 GiB is enough to compile) or lift its limit (ulimit "
        "-v, docker run --memory), then grade again.";
    std::smatch found;
    if (std::regex_search(messages, found, std::regex("fatal error: ([^/:\n][^:\n]*): No such file"))) {
        return lacking(
            fmt::format("no program can be compiled here: the header <{}> is missing", found.str(1)),
            package_of(found.str(1), version));
    }
    if (std::regex_search(messages, found, std::regex("cannot find -l([a-z+]+)"))) {
        const std::string library = found.str(1);
        return lacking(fmt::format("no program can be linked here: the library {} is missing", library),
                       library == "fmt" ? "libfmt-dev"
                       : library == "stdc++" || library == "gcc_s" || library == "gcc"
                           ? standard_library(version)
                           : "libc6-dev");
    }
    if (std::regex_search(messages, found, std::regex("cannot find ([A-Za-z]*crt[A-Za-z0-9]*\\.o)"))) {
        return lacking(fmt::format("no program can be linked here: {} is missing", found.str(1)),
                       "libc6-dev " + standard_library(version));
    }
    if (std::regex_search(messages, found,
                          std::regex("cannot execute [^a-z]*([a-z0-9]+)|cannot find '([a-z0-9]+)'"))) {
        const std::string part = found.str(1).empty() ? found.str(2) : found.str(1);
        return lacking(fmt::format("g++ is not whole here: it cannot start {}", part),
                       part.starts_with("cc1") || part == "collect" || part == "collect2"
                           ? compiler
                           : std::string("binutils"));
    }
    if (messages.find("std=c++20") != std::string::npos) {
        return {ErrorKind::machine_lacks, "the g++ of this machine does not know C++20 (-std=c++20)",
                "Install g++ 10 or newer, and make it the one that is called g++."};
    }
    if (run.ending == process::Ending::lost || run.status.killed_by(SIGKILL) ||
        messages.find("Killed signal") != std::string::npos) {
        return {ErrorKind::machine_lacks,
                "no program can be compiled here: something on this machine kills g++, usually for want of "
                "memory",
                memory_fix};
    }
    for (const std::string_view sign :
         {"virtual memory exhausted", "out of memory", "Cannot allocate memory", "memory exhausted"}) {
        if (messages.find(sign) != std::string::npos) {
            return {ErrorKind::machine_lacks, "no program can be compiled here: g++ gets too little memory",
                    memory_fix};
        }
    }
    for (const std::string_view sign : {"No space left on device", "Disk quota exceeded"}) {
        if (messages.find(sign) != std::string::npos) {
            return {ErrorKind::machine_lacks,
                    fmt::format("no program can be compiled here: {}", first_error(messages)),
                    "Free some space there, or set TMPDIR to a folder on another disk."};
        }
    }
    if (messages.find("Permission denied") != std::string::npos) {
        return {ErrorKind::machine_lacks,
                fmt::format("no program can be compiled here: {}", first_error(messages)),
                "Student code runs as a user of its own, who must be able to enter the folder for temporary "
                "files: TMPDIR=/tmp scripts/lab grade"};
    }
    return {ErrorKind::failed,
            fmt::format("a program that is known to be right does not compile here ({}): {}", run.describe(),
                        messages.empty() ? "g++ said nothing" : first_error(messages)),
            fmt::format("sudo apt-get install --reinstall {} {} libc6-dev libfmt-dev binutils", compiler,
                        standard_library(version))};
}

process::Result<void> require_known_good(const process::Sandbox& sandbox, const fs::path& into,
                                         const BuildOptions& options) {
    const auto folder = make_build_folder(into, "known-good");
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const auto attempt = [&](bool with_precompiled) -> process::Result<process::Run> {
        // The compiler may be given the folder of its output for its own: the source lies in another.
        const auto output = make_build_folder(*folder, "out");
        if (!output) {
            return tl::unexpected(output.error());
        }
        return compile(sandbox,
                       {*folder / "known_good.cpp", "known_good", *output, options, with_precompiled});
    };
    process::Result<void> good;
    const std::string text =
        (options.with_fmt ? std::string() : "#define FMT_HEADER_ONLY\n") + std::string(known_good_program);
    if (auto written = process::write_file_atomically(*folder / "known_good.cpp", text); !written) {
        good = written;
    } else if (const auto run = attempt(true); !run) {
        good = tl::unexpected(run.error());
    } else if (run->ending == process::Ending::timed_out) {
        good = process::failed(
            fmt::format("a program that is known to be right does not compile in time: {}", run->describe()),
            "This machine is too busy. Grade again later, or with a smaller --jobs.");
    } else if (!run->succeeded()) {
        good = tl::unexpected(compiler_fault(*run, compiler_version()));
        if (const auto plain = attempt(false); plain && plain->succeeded()) {
            good = process::failed(
                "vmlab was built with another fmt library than the one that this machine's g++ finds, so that "
                "no program of the lab can be built",
                "Build vmlab again with this machine's own: rm -r build/lab; env -u CMAKE_PREFIX_PATH "
                "scripts/lab");
        }
    }
    std::error_code ignored;
    fs::remove_all(*folder, ignored);
    return good;
}

}  // namespace vmlab::grading
