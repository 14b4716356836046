#include "evidence/instruments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "evidence/text.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::evidence {
namespace {

using Version = std::pair<int, int>;

/// The first "MAJOR.MINOR" in a text: "valgrind-3.19.0", "strace -- version 6.1".
Version version_in(std::string_view text) {
    while (!text.empty()) {
        text.remove_prefix(std::min(text.find_first_of("0123456789"), text.size()));
        const auto major = take_number<int>(text);
        if (!major || !take(text, ".")) {
            continue;
        }
        if (const auto minor = take_number<int>(text)) {
            return {*major, *minor};
        }
    }
    return {0, 0};
}

std::string_view first_line(std::string_view text) {
    return next_line(text).value_or("");
}

/// Asked once for each tool: starting one costs more than looking it up.
process::Result<Version> version_of(const std::filesystem::path& tool) {
    static std::mutex mutex;
    static std::map<std::filesystem::path, process::Result<Version>> known;
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(tool); found != known.end()) {
        return found->second;
    }
    const auto run = process::run_tool({tool.string(), "--version"});
    process::Result<Version> version = tl::unexpected(run ? process::Error{} : run.error());
    if (run && run->succeeded()) {
        version = version_in(run->out);
    } else if (run) {
        version = process::machine_lacks(
            fmt::format("{} --version: {} ({})", tool.string(), run->describe(), first_line(run->err)),
            fmt::format("reinstall {}: sudo apt-get install --reinstall {}", tool.stem().string(),
                        tool.stem().string()));
    }
    known.emplace(tool, version);
    return version;
}

process::Result<std::filesystem::path> at_least(const std::filesystem::path& tool, std::string_view name,
                                                Version oldest) {
    const auto version = version_of(tool);
    if (!version) {
        return tl::unexpected(version.error());
    }
    if (*version >= oldest) {
        return tool;
    }
    return process::machine_lacks(fmt::format("{} is version {}.{}, older than {}.{}", name, version->first,
                                              version->second, oldest.first, oldest.second),
                                  fmt::format("install a newer {}", name));
}

}  // namespace

process::Result<std::filesystem::path> find_valgrind() {
    auto script = process::find_tool("valgrind", "valgrind");
    if (!script) {
        return script;
    }
    const auto itself = process::find_tool("valgrind.bin", "valgrind");
    return at_least(itself ? *itself : *script, "Valgrind", {3, 15});
}

process::Result<std::filesystem::path> find_strace() {
    const auto strace = process::find_tool("strace", "strace");
    return strace ? at_least(*strace, "strace", {5, 3}) : strace;
}

std::vector<std::string> fast_forward_options() {
    return {"-e", "inject=?clock_nanosleep,?nanosleep:retval=0:delay_enter=1000"};
}

}  // namespace vmlab::evidence
