#include "vmlab/grading/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vmlab::grading {

namespace {

/// The options of any instrument, with what the experiment says in them.
template <class Options>
Options completed(Options how, const Experiment& experiment) {
    how.arguments = experiment.arguments;
    how.environment = experiment.environment;
    how.start = experiment.start;
    how.limits = experiment.limits;
    return how;
}

/// Everything behind the tool: variables, the program, its arguments.
std::string words_of_command(const Experiment& experiment, std::string_view tool) {
    std::string words;
    for (const auto& [name, value] : experiment.environment) {
        words += fmt::format("{}={} ", name, shell_word(value));
    }
    if (!tool.empty()) {
        words += fmt::format("{} ", tool);
    }
    words += "./" + experiment.program;
    for (const std::string& argument : experiment.arguments) {
        words += " " + shell_word(argument);
    }
    if (experiment.limits.address_space_bytes > 0) {
        return fmt::format("(ulimit -v {}; {})", experiment.limits.address_space_bytes / 1024, words);
    }
    return words;
}

}  // namespace

process::Run Experiment::native(Lab& lab, NativeOptions how) const {
    return lab.native(lab.program(program), completed(std::move(how), *this));
}

evidence::MemcheckRun Experiment::memcheck(Lab& lab, evidence::MemcheckOptions how) const {
    return lab.memcheck(lab.program(program), completed(std::move(how), *this));
}

evidence::SyscallRun Experiment::syscalls(Lab& lab, evidence::SyscallOptions how) const {
    return lab.syscalls(lab.program(program), completed(std::move(how), *this));
}

std::string Experiment::command() const {
    return words_of_command(*this, {});
}

std::string Experiment::under(std::string_view tool) const {
    return words_of_command(*this, tool);
}

std::string Experiment::doing(std::string_view how) const {
    return fmt::format("running {}{}{}", command(), how.empty() ? "" : " ", how);
}

std::string shell_word(std::string_view word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) {
        return std::string(word);
    }
    std::string quoted = "'";
    for (const char c : word) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

std::string build_and(std::string_view program, std::string_view command) {
    const std::vector<ProgramInfo>& programs = lab().activity().programs;
    const auto info = std::find_if(programs.begin(), programs.end(),
                                   [program](const ProgramInfo& each) { return each.name == program; });
    const std::string source = info == programs.end() ? fmt::format("{}.cpp", program) : info->source;
    return fmt::format("{} && {}", build_command(source, std::string(program)), command);
}

}  // namespace vmlab::grading
