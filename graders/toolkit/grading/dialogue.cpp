#include "vmlab/grading/dialogue.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "vmlab/grading/output.hpp"
#include "vmlab/grading/verdict.hpp"

namespace vmlab::grading {
namespace {

bool is_due(std::string_view line, std::string_view due) {
    return line == due || (line.starts_with(due) && line[due.size()] == ' ');
}

std::string another_line(std::size_t position, const std::string& line, std::string_view due) {
    return fmt::format("line {} is \"{}\", not \"{} ...\"", position + 1, grading::shown(line, 1), due);
}

std::string ordinal(std::size_t number) {
    constexpr std::array<const char*, 3> first = {"first", "second", "third"};
    return number < first.size() ? first[number] : fmt::format("{}th", number + 1);
}

}  // namespace

std::optional<std::string> flaw_in_output(std::string_view out, const std::vector<std::string>& due) {
    const auto lines = lines_of(out);
    for (std::size_t i = 0; i < due.size(); ++i) {
        if (i >= lines.size()) {
            return fmt::format("the output ends after line {}; \"{} ...\" is missing", i, due[i]);
        }
        if (!is_due(lines[i], due[i])) {
            return another_line(i, lines[i], due[i]);
        }
    }
    if (lines.size() > due.size()) {
        return fmt::format("line {} is \"{}\", and there should be none", due.size() + 1,
                           grading::shown(lines[due.size()], 1));
    }
    return out.ends_with('\n') ? std::nullopt : std::optional("the last line has no newline");
}

std::optional<std::string> flaw_in_pause(std::string_view printed, std::size_t position,
                                         const std::vector<std::string>& due) {
    const auto lines = lines_of(printed);
    if (lines.size() != 1 || !printed.ends_with('\n')) {
        return fmt::format("when it waited for input the {} time it had printed {}, not one whole line",
                           ordinal(position), lines.empty() ? "nothing new" : grading::shown(printed, 3));
    }
    if (position >= due.size()) {
        return fmt::format("line {} is \"{}\", and there should be none", position + 1,
                           grading::shown(lines[0], 1));
    }
    return is_due(lines[0], due[position]) ? std::nullopt
                                           : std::optional(another_line(position, lines[0], due[position]));
}

Dialogue hold_dialogue(Lab& lab, const Program& program, const Experiment& experiment,
                       const std::vector<std::string>& due, const OnLine& on_line, NativeOptions how) {
    Dialogue dialogue;
    std::size_t position = 0;
    how.arguments = experiment.arguments;
    how.environment = experiment.environment;
    how.limits = experiment.limits;
    how.start = experiment.start;
    how.on_pause = [&](const process::Pause& pause) -> std::optional<std::string> {
        if (!dialogue.flaw) {
            dialogue.flaw = flaw_in_pause(pause.printed, position, due);
        }
        if (!dialogue.flaw) {
            dialogue.flaw = on_line(lines_of(pause.printed).front(), pause.pid);
        }
        ++position;
        return dialogue.flaw ? std::nullopt : std::optional<std::string>("\n");
    };
    dialogue.run = lab.native(program, how);
    if (!dialogue.flaw) {
        dialogue.flaw = flaw_in_output(dialogue.run.out, due);
    }
    if (!dialogue.flaw && position != due.size()) {
        dialogue.flaw = fmt::format("it waited for Enter {} time(s), not {}", position, due.size());
    }
    return dialogue;
}

void expect_whole_lines_awaited(Lab& lab, const Experiment& experiment, std::size_t waits,
                                const std::string& next) {
    constexpr std::size_t length = 300;
    std::size_t pauses = 0;
    bool went_on = false;
    NativeOptions how;
    how.on_pause = [&](const process::Pause& pause) -> std::optional<std::string> {
        const bool is_in_a_line = pauses++ % 2 == 1;
        went_on = went_on || (is_in_a_line && !pause.printed.empty());
        if (went_on || pauses > 2 * waits) {
            return std::nullopt;
        }
        return is_in_a_line ? std::string("\n") : std::string(length, 'x');
    };
    const process::Run run = experiment.native(lab, how);
    if (!went_on && pauses == 2 * waits) {
        return;
    }
    const std::string after = fmt::format("{} characters and no Enter yet", length);
    std::string observed = fmt::format("it waited {} time(s) in all", pauses);
    if (went_on || (run.ending == process::Ending::finished && pauses % 2 == 1)) {
        observed = fmt::format("after {} it went on", after);
    }
    fail_run(run, experiment.doing(),
             {.expected = fmt::format(
                  "{} wait(s) for a whole line of input each; after {} it goes on waiting", waits, after),
              .observed = observed,
              .evidence = fmt::format("$ {}\n{}", experiment.command(), shown(run.out)),
              .next = next});
}

}  // namespace vmlab::grading
