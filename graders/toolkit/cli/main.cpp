// The vmlab command: reads the command line and calls one function for each subcommand.

#include <fmt/core.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "process/advice.hpp"

namespace {

using namespace vmlab::cli;

constexpr int wrong_usage = 2;
constexpr int our_fault = 4;

const std::vector<std::string> arenas = {"auto", "cgroup2", "cgroup1", "vm"};
const std::vector<std::string> tiers = {"auto", "namespaces", "separate-user", "none"};
const std::vector<std::string> formats = {"text", "json", "junit"};

void add_where_to_run(CLI::App& command, std::string& arena, std::string& isolation) {
    command.add_option("--arena", arena, "Where memory runs out: auto, cgroup2, cgroup1 or vm")
        ->check(CLI::IsMember(arenas));
    command
        .add_option("--isolation", isolation,
                    "How student code is confined: auto, namespaces, separate-user or none")
        ->check(CLI::IsMember(tiers));
}

CLI::Validator is_a_number() {
    return {[](std::string& text) {
                const bool digits =
                    !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
                return digits ? std::string() : fmt::format("\"{}\" is not a number", text);
            },
            "", "number"};
}

struct CommandLine {
    CLI::App app{"vmlab: a hands-on virtual-memory lab, graded by evidence", "vmlab"};
    GradeRequest grade;
    int hint = 0;
    bool strict = false;
    ResetRequest reset;
    ShowRequest show;
    RunRequest run;
    DevShowRequest dev_show;

    CommandLine() {
        app.set_version_flag("--version", "vmlab " VMLAB_VERSION);
        app.require_subcommand(0, 1);
        app.failure_message([](const CLI::App*, const CLI::Error& error) {
            return fmt::format("vmlab: {}\n       see: scripts/lab --help, scripts/lab COMMAND --help\n",
                               error.what());
        });
        app.add_subcommand("list", "Every activity and its checks");
        app.add_subcommand("doctor", "What this machine can do, what is missing, the command that fixes it")
            ->add_flag("--strict", strict, "Exit status 3 when some check cannot be judged here");

        CLI::App* const grade_command = app.add_subcommand("grade", "Build, observe and check activities");
        grade_command->add_option("N", grade.numbers, "Numbers of activities (default: all)")
            ->check(is_a_number());
        grade_command->add_option("--submission", grade.submission, "Folder to grade (default: activities/)");
        grade_command->add_option("--format", grade.format, "text, json or junit")
            ->check(CLI::IsMember(formats));
        grade_command->add_option("--output", grade.output, "Write the result to this file");
        grade_command
            ->add_option("--jobs", grade.jobs,
                         "Tools that run at a time (default: as many as there are processors and memory for)")
            ->check(CLI::Range(1, 256));
        grade_command->add_flag("--profile", grade.profile, "Say on stderr what was run, and what it took");
        add_where_to_run(*grade_command, grade.arena, grade.isolation);

        CLI::App* const hint_command = app.add_subcommand("hint", "The next hint");
        hint_command->add_option("N", hint, "Number of the activity")->required()->check(is_a_number());

        CLI::App* const reset_command =
            app.add_subcommand("reset", "Back up your files of an activity and restore the starter");
        reset_command->add_option("N", reset.number, "Number of the activity")
            ->required()
            ->check(is_a_number());
        reset_command->add_option("FILE", reset.files, "Only these files");

        CLI::App* const show_command =
            app.add_subcommand("show", "Print a file as it was shipped; yours stays as it is");
        show_command->add_option("N", show.number, "Number of the activity")
            ->required()
            ->check(is_a_number());
        show_command->add_option("WHAT", show.what, "starter")->required()->check(CLI::IsMember({"starter"}));
        show_command->add_option("FILE", show.file, "Which of its files (default: the first)");

        CLI::App* const run_command =
            app.add_subcommand("run", "Run your program in an arena and watch its memory live");
        run_command->add_option("N", run.number, "Number of the activity")->required()->check(is_a_number());
        run_command->add_option("ARGUMENTS", run.arguments, "Given to your program (write -- before them)");
        run_command->add_option("--program", run.program, "Which of the activity's programs");
        run_command
            ->add_option(
                "--memory", run.memory_mb,
                "The arena's memory in MiB (default: 256). With --arena vm the whole machine's, rounded up "
                "to 128, 256, 512, ... (default: 128)")
            ->check(CLI::Range(8, 1 << 20));
        run_command->add_option("--seconds", run.seconds, "Stop after this time")
            ->check(CLI::Range(1, 86'400));
        run_command
            ->add_option("--beside", run.beside,
                         "In a whole machine (--arena vm): the same program once more, at this oom_score_adj")
            ->check(CLI::Range(-1000, 1000));
        run_command
            ->add_option("--sysrq-f-after", run.sysrq_f_after,
                         "In a whole machine (--arena vm): press SysRq f when the program has printed so "
                         "many lines")
            ->check(CLI::Range(1, 1'000'000));
        run_command
            ->add_option("--swap", run.swap_mb,
                         "In a whole machine (--arena vm): so many MiB of swap (default: none)")
            ->check(CLI::Range(1, 1024));
        add_where_to_run(*run_command, run.arena, run.isolation);

        CLI::App* const dev_command = app.add_subcommand("dev", "For those who write activities");
        dev_command->require_subcommand(1);
        CLI::App* const dev_show_command =
            dev_command->add_subcommand("show", "What a wrong submission changes in the solution");
        dev_show_command->add_option("NAME", dev_show.name, "Such as 03-oom/total-in-kib, or 3/total-in-kib")
            ->required();
        CLI::Option* const program =
            dev_show_command->add_flag("--program", dev_show.program, "Print its files whole instead");
        dev_show_command->add_option("--into", dev_show.into, "Write it into this folder, as a submission")
            ->excludes(program);
    }

    int execute(const Place& place) {
        if (app.got_subcommand("list")) {
            return show_list(place);
        }
        if (app.got_subcommand("doctor")) {
            return doctor_command(place, strict);
        }
        if (app.got_subcommand("grade")) {
            return grade_command(place, grade);
        }
        if (app.got_subcommand("hint")) {
            return show_hint(place, hint);
        }
        if (app.got_subcommand("reset")) {
            return reset_command(place, reset);
        }
        if (app.got_subcommand("show")) {
            return show_command(place, show);
        }
        if (app.got_subcommand("run")) {
            return run_command(place, run);
        }
        if (app.got_subcommand("dev")) {
            return dev_show_command(place, dev_show);
        }
        return show_dashboard(place);
    }
};

}  // namespace

int main(int argc, char** argv) {
    // A reader that has gone shows in print(), not as a signal.
    ::signal(SIGPIPE, SIG_IGN);
    occupy_standard_descriptors();
    CommandLine line;
    try {
        line.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::ostringstream out;
        std::ostringstream err;
        const int status = line.app.exit(error, out, err);
        show(stderr, err.str());
        return finish_with(out.str(), status == 0 ? 0 : wrong_usage);
    }
    try {
        const auto place = find_place();
        return place ? line.execute(*place) : complain(place.error());
    } catch (const std::exception& error) {
        const std::string advice = vmlab::process::advice_on(error.what());
        complain({vmlab::process::ErrorKind::failed, error.what(),
                  advice.empty() ? "this is a defect of vmlab: please report it" : advice});
        return our_fault;
    }
}
