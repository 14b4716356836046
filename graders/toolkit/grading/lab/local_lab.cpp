#include "grading/lab/local_lab.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "grading/lab/build_card.hpp"
#include "grading/lab/preload.hpp"
#include "grading/lab/trusted_builds.hpp"
#include "inside/block_record.hpp"
#include "vmlab/arena/memory_guard.hpp"
#include "vmlab/evidence/elf.hpp"
#include "vmlab/grading/verdict.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::grading {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void grader_mistake(const std::string& what) {
    raise({process::ErrorKind::failed, what, "Tell whoever maintains this grader."});
}

std::string key_of(const fs::path& source, const BuildOptions& options) {
    std::string key = source.string() + (options.debug_info ? "\n-g" : "\n");
    for (const std::string& flag : options.extra_flags) {
        key += "\n" + flag;
    }
    return options.with_fmt ? key : key + "\nwithout fmt";
}

[[noreturn]] void distrust_report(const Program& program, const evidence::MemcheckRun& watched) {
    Card card;
    card.expected =
        fmt::format("one report of Memcheck's on one run of {}, from its start to its end", program.name);
    card.observed = *watched.damage;
    card.evidence = watched.remarks.empty() ? watched.run.describe() : excerpt(watched.remarks);
    card.why =
        "Points are given for what Memcheck saw. A program that takes itself out of its sight cannot be "
        "judged by it. A person has to look at this submission.";
    card.next = fmt::format("Run it yourself: valgrind --leak-check=full ./{}", program.name);
    suspect_tampering(std::move(card));
}

void refuse_intrusion(const Program& program, const evidence::SyscallRun& watched) {
    const auto intrusion = watched.intrusion();
    if (!intrusion) {
        return;
    }
    Card card;
    card.expected = fmt::format("{} keeps to its own memory", program.name);
    card.observed = "it tries to open the memory of a process that is not its own";
    card.evidence = intrusion->row;
    card.why =
        "Points are given for what strace saw. A program that changes strace's memory can make it see "
        "anything. A person has to look at this submission.";
    card.next = fmt::format("Run it yourself: strace -f -y -e trace=openat ./{}", program.name);
    suspect_tampering(std::move(card));
}

void refuse_client_requests(const Program& program) {
    const auto facts = value_or_verdict(evidence::read_elf(program.executable));
    if (!facts.has_client_requests) {
        return;
    }
    Card card;
    card.expected = fmt::format("{} is an ordinary program", program.source);
    card.observed = "it holds instructions that talk to Valgrind (client requests)";
    card.evidence =
        fmt::format("the built {} contains the rol sequence that only Valgrind acts upon", program.name);
    card.why =
        "Client requests can tell Memcheck to forget blocks, and nothing in this lab needs them. A person "
        "has to "
        "look at this submission.";
    card.next = "Take every VALGRIND_… macro out of the program.";
    suspect_tampering(std::move(card));
}

/// Whether a request asks for what only the VM arena has, whichever arena was chosen for the others.
bool needs_a_machine(const arena::Request& request) {
    return request.scope == arena::Scope::machine || request.manual_kill ||
           std::any_of(request.contestants.begin(), request.contestants.end(), [](const auto& contestant) {
               return contestant.oom_score_adj || contestant.hold_at_exit.count() > 0;
           });
}

}  // namespace

const process::Sandbox& LocalLab::sandbox() {
    return sandbox_.get([this] {
        auto opened = value_or_verdict(
            process::Sandbox::open(settings_.tier, settings_.support, settings_.scratch, settings_.hidden));
        auto guards = arena::memory_guards();
        if (guards) {
            opened.guard_memory(std::move(*guards));
        } else {
            const std::lock_guard lock(mutex_);
            unguarded_ = guards.error().what;
        }
        return opened;
    });
}

Slots::Held LocalLab::slot() const {
    return value_or_verdict(settings_.slots.take());
}

Once<Program>& LocalLab::built(const std::string& key) {
    const std::lock_guard lock(mutex_);
    auto& entry = built_[key];
    if (!entry) {
        entry = std::make_unique<Once<Program>>();
    }
    return *entry;
}

process::Limits LocalLab::within(process::Limits limits) const {
    if (settings_.longest_run.count() > 0) {
        limits.wall = std::min<std::chrono::milliseconds>(limits.wall, settings_.longest_run);
    }
    return limits;
}

fs::path LocalLab::new_folder(const std::string& name) {
    int number = 0;
    {
        const std::lock_guard lock(mutex_);
        number = ++folders_;
    }
    fs::path folder = settings_.scratch / fmt::format("{}-{}", name, number);
    if (mkdir(folder.c_str(), 0755) != 0) {
        raise(process::system_error("mkdir", folder.string()));
    }
    return folder;
}

const ProgramInfo& LocalLab::program_info(std::string_view name) const {
    const auto& programs = settings_.activity.programs;
    const auto found = std::find_if(programs.begin(), programs.end(),
                                    [&](const ProgramInfo& each) { return each.name == name; });
    if (found == programs.end()) {
        grader_mistake(fmt::format("activity.toml has no program \"{}\"", name));
    }
    return *found;
}

fs::path LocalLab::submitted_file(std::string_view file) const {
    const StagedSubmission& submission = settings_.submission;
    if (std::find(submission.files.begin(), submission.files.end(), file) != submission.files.end()) {
        return submission.folder / file;
    }
    const auto refused = submission.refused.find(std::string(file));
    if (refused == submission.refused.end()) {
        grader_mistake(fmt::format("activity.toml does not ask for a file \"{}\"", file));
    }
    const Refusal& refusal = refused->second;
    Card card;
    card.expected = fmt::format("{} is handed in", file);
    card.observed = refusal.what.starts_with("missing") ? "it is " + refusal.what
                                                        : fmt::format("{}: {}", file, refusal.what);
    card.evidence = refusal.found;
    card.next = !refusal.next.empty()
                    ? refusal.next
                    : fmt::format("Put {} itself into what you hand in: into the folder {}, or at its top.",
                                  file, settings_.activity.folder_name());
    fail(std::move(card), Reason::missing_file);
}

Program LocalLab::build_submitted(const ProgramInfo& info, const BuildOptions& options) {
    const fs::path source = submitted_file(info.source);
    const process::Sandbox& confined = sandbox();
    const BuildOutcome outcome =
        value_or_verdict(build(confined, source, info.name, settings_.scratch, options, &settings_.slots));
    if (!outcome.succeeded) {
        fail(build_error_card(info.source, outcome, value_or_verdict(process::read_file(source))),
             Reason::build_error);
    }
    refuse_client_requests(outcome.program);
    return outcome.program;
}

Program LocalLab::build_trusted(const fs::path& source, const std::string& name,
                                const BuildOptions& options) {
    return built(key_of(source, options)).get([&] {
        const std::string text = value_or_verdict(process::read_file(source));
        const TrustedBuilds kept(settings_.support.parent_path() / "trusted");
        if (auto executable = kept.find(text, name, options, settings_.scratch)) {
            return Program{name, std::move(*executable), source.filename().string()};
        }
        const process::Sandbox& confined = sandbox();
        auto outcome =
            value_or_verdict(build(confined, source, name, settings_.scratch, options, &settings_.slots));
        if (!outcome.succeeded) {
            grader_mistake(fmt::format("the grader's own {} does not compile:\n{}",
                                       source.filename().string(), excerpt(outcome.messages)));
        }
        kept.keep(text, name, options, outcome.program.executable);
        return outcome.program;
    });
}

const Program& LocalLab::program(std::string_view name, const BuildOptions& options) {
    const ProgramInfo& info = program_info(name);
    return built("submission\n" + key_of(info.name, options)).get([&] {
        return build_submitted(info, options);
    });
}

Program LocalLab::starter(std::string_view name, const BuildOptions& options) {
    const ProgramInfo& info = program_info(name);
    return build_trusted(settings_.grader_folder / "starter" / info.source, info.name, options);
}

Program LocalLab::reference(std::string_view name) {
    const ProgramInfo& info = program_info(name);
    return build_trusted(settings_.grader_folder / "solution" / info.source, info.name, {});
}

Program LocalLab::probe(const fs::path& source, const BuildOptions& options) {
    return build_trusted(settings_.grader_folder / source, source.stem().string(), options);
}

Program LocalLab::build_text(const std::string& source_name, const std::string& text,
                             const BuildOptions& options) {
    const fs::path source = given_file(source_name, text);
    return build_trusted(source, source.stem().string(), options);
}

fs::path LocalLab::given_file(const std::string& name, const std::string& content) {
    fs::path file = new_folder("given") / name;
    if (auto written = process::write_file_atomically(file, content); !written) {
        raise(written.error());
    }
    return file;
}

std::string LocalLab::submitted_text(std::string_view file) {
    return value_or_verdict(process::read_file(submitted_file(file)));
}

Answers LocalLab::answers() {
    return Answers::read(submitted_file("answers.toml"));
}

evidence::MemcheckRun LocalLab::memcheck(const Program& program, const evidence::MemcheckOptions& options) {
    const process::Sandbox& confined = sandbox();
    evidence::MemcheckOptions with_folder = options;
    with_folder.limits = within(options.limits);
    with_folder.readable.push_back(program.executable.parent_path());
    const Slots::Held held = slot();
    auto watched = value_or_verdict(evidence::run_memcheck(confined, program.executable, with_folder));
    if (watched.damage) {
        distrust_report(program, watched);
    }
    return watched;
}

evidence::SyscallRun LocalLab::syscalls(const Program& program, const evidence::SyscallOptions& options) {
    const process::Sandbox& confined = sandbox();
    evidence::SyscallOptions with_folder = options;
    with_folder.limits = within(options.limits);
    with_folder.readable.push_back(program.executable.parent_path());
    const Slots::Held held = slot();
    auto watched = value_or_verdict(evidence::run_syscalls(confined, program.executable, with_folder));
    refuse_intrusion(program, watched);
    return watched;
}

evidence::MemcheckRun LocalLab::native_under_memcheck(const Program& program, const NativeOptions& options) {
    evidence::MemcheckOptions watched;
    watched.arguments = options.arguments;
    watched.limits = options.limits;
    watched.environment = preload_variables(sandbox().support(), program, options);
    watched.readable = {preload_file(sandbox().support(), options.preload)};
    watched.preloads_own_heap = options.preload == Preload::heap_grows_down;
    watched.show_mismatched_frees = options.preload != Preload::malloc_fails;
    return memcheck(program, watched);
}

process::Run LocalLab::native(const Program& program, const NativeOptions& options) {
    const process::Sandbox& confined = sandbox();
    process::Job run = job(program, options.arguments);
    run.environment = options.environment;
    run.limits = within(options.limits);
    run.input = options.input;
    run.readable.insert(run.readable.end(), options.readable.begin(), options.readable.end());
    run.start = options.start;
    run.on_pause = options.on_pause;
    run.on_started = options.on_started;
    run.on_output = options.on_output;
    run.stop = options.stop;
    const std::vector<fs::path> libraries = preload_libraries(confined.support(), options);
    if (!libraries.empty()) {
        run.readable.insert(run.readable.end(), libraries.begin(), libraries.end());
        run.environment = preload_variables(confined.support(), program, options);
    }
    if (options.preload == Preload::counts_blocks) {
        constexpr int block_log = 1011;  // above those that a program opens
        run.shared_memory = block_log;
        run.shared_bytes = inside::block_log_bytes;
        run.environment["VMLAB_BLOCKS_DESCRIPTOR"] = std::to_string(block_log);
    }
    const Slots::Held held = slot();
    return value_or_verdict(confined.run(run));
}

std::unique_ptr<arena::Arena> LocalLab::open_arena(arena::KindChoice choice) {
    const process::Sandbox& confined = sandbox();
    const Slots::Held held = slot();
    return value_or_verdict(arena::open_arena(choice, confined));
}

const arena::Arena& LocalLab::chosen_arena() {
    return *arena_.get([this] {
        try {
            auto opened = open_arena(settings_.arena);
            set_arena_name(std::string(name_of(opened->kind())));
            return opened;
        } catch (const Verdict& verdict) {
            set_arena_name("none: " + verdict.card().observed);
            throw;
        }
    });
}

const arena::Arena& LocalLab::arena_for(const arena::Request& request) {
    if (!needs_a_machine(request)) {
        return chosen_arena();
    }
    const bool may_be_chosen =
        settings_.arena == arena::KindChoice::automatic || settings_.arena == arena::KindChoice::vm;
    if (may_be_chosen && chosen_arena().kind() == arena::Kind::vm) {
        return chosen_arena();
    }
    return *machine_.get([this] {
        auto opened = open_arena(arena::KindChoice::vm);
        const std::lock_guard lock(mutex_);
        arena_name_ = arena_name_.value_or(std::string(name_of(opened->kind())));
        return opened;
    });
}

arena::Outcome LocalLab::arena(const arena::Request& request) {
    const arena::Arena& place = arena_for(request);
    const Slots::Held held = slot();
    return value_or_verdict(place.run(sandbox(), request));
}

process::Job LocalLab::job(const Program& program, std::vector<std::string> arguments) {
    process::Job job;
    job.argv = {program.executable.string()};
    job.argv.insert(job.argv.end(), arguments.begin(), arguments.end());
    job.readable = {program.executable.parent_path()};
    return job;
}

std::string LocalLab::isolation_name() {
    try {
        return std::string(name_of(sandbox().tier()));
    } catch (const Verdict& verdict) {
        return "unavailable: " + verdict.card().observed;
    }
}

std::string LocalLab::isolation_lacks() {
    std::string lacks;
    try {
        const process::Sandbox& confined = sandbox();
        if (confined.tier() == process::Tier::none) {
            lacks = "everything: programs run with the grader's own rights";
        }
    } catch (const Verdict&) {
        return "everything: nothing is run";
    }
    const std::lock_guard lock(mutex_);
    if (!unguarded_.empty()) {
        lacks +=
            fmt::format("{}no memory cgroup around each run ({})", lacks.empty() ? "" : "; ", unguarded_);
    }
    return lacks;
}

void LocalLab::set_arena_name(std::string name) {
    const std::lock_guard lock(mutex_);
    arena_name_ = std::move(name);
}

std::string LocalLab::arena_name() {
    const std::lock_guard lock(mutex_);
    return arena_name_.value_or("not used");
}

}  // namespace vmlab::grading
