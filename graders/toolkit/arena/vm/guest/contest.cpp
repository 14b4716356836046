#include "arena/vm/guest/contest.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include "arena/vm/guest/kernel_files.hpp"
#include "arena/vm/guest/log_daemon.hpp"
#include "arena/vm/guest/machine.hpp"

namespace vmlab::guest {
namespace {

// How long the kernel's records, and the log daemon, may come after what they tell.
constexpr std::uint64_t record_patience_ms = 300;
constexpr long syslog_patience_ms = 2000;
constexpr std::uint64_t longest_wait_ms = 250;
// Nothing tells that a program has begun to wait for an answer: it has to be looked for.
constexpr std::uint64_t longest_silence_ms = 10;
// A turn that comes so much later than it should: the whole machine did not run, since the host had no
// processor for it.
constexpr std::uint64_t standstill_ms = 500;
constexpr std::uint64_t crowded_wait_ms = 5;

process::Descriptor watch_children() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    return process::Descriptor(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

}  // namespace

Contest::Contest(const arena::wire::Order& order, Port& port) : order_(order), port_(port) {
    for (std::size_t i = 0; i < order_.programs.size(); ++i) {
        programs_.emplace_back(order_.programs[i], i);
    }
}

process::Result<void> Contest::run() {
    if (auto prepared = prepare(); !prepared) {
        return prepared;
    }
    latest_turn_ = now_ms();
    while (!is_over()) {
        if (auto turned = turn(); !turned) {
            return turned;
        }
    }
    return {};
}

process::Result<void> Contest::prepare() {
    log_.open_at_end();
    child_signals_ = watch_children();
    const std::string group = programs_group;
    if (::mkdir(group.c_str(), 0755) != 0) {
        return process::failed_call("mkdir", group);
    }
    if (!write_to(group + "/cgroup.subtree_control", "+memory +pids")) {
        return process::failed_call("write", group + "/cgroup.subtree_control");
    }
    if (order_.group_bytes && !write_to(group + "/memory.max", std::to_string(*order_.group_bytes))) {
        return process::failed_call("write", group + "/memory.max");
    }
    for (Program& program : programs_) {
        if (auto prepared = program.prepare(); !prepared) {
            return prepared;
        }
    }
    return {};
}

process::Result<void> Contest::turn() {
    if (auto started = start_those_whose_turn_it_is(); !started) {
        return started;
    }
    wait_for_something();
    forgive_standstill();
    read_log();
    for (Program& program : programs_) {
        if (program.failed() >= 0) {
            if (auto executed = program.read_failure(); !executed) {
                return executed;
            }
        }
        program.read_output(port_);
    }
    kill_manually_if_due();
    sample_if_due();
    for (Program& program : programs_) {
        program.answer(port_);
    }
    reap();
    for (Program& program : programs_) {
        program.read_output(port_);
        if (!program.is_dying()) {
            program.next(port_, latest_turn_);
        }
    }
    // The host is told of the ends in the order in which they came.
    while (!dying_.empty()) {
        dying_.front()->next(port_, latest_turn_);
        if (!dying_.front()->is_over()) {
            break;
        }
        dying_.pop_front();
    }
    end_if_over();
    port_.flush();
    return {};
}

process::Result<void> Contest::start_those_whose_turn_it_is() {
    const Program* before = nullptr;
    std::size_t position = 0;
    for (Program& program : programs_) {
        const auto lines =
            static_cast<std::uint64_t>(std::max(order_.programs[position++].start_after_lines, 0));
        const bool its_turn =
            before == nullptr || before->is_over() || (before->was_started() && before->lines() >= lines);
        if (!program.was_started() && its_turn && !over_) {
            if (auto started = program.start(port_, now_ms()); !started) {
                return started;
            }
        }
        before = &program;
    }
    return {};
}

void Contest::wait_for_something() {
    std::vector<pollfd> files = {{child_signals_.get(), POLLIN, 0}, {log_.descriptor(), POLLIN, 0}};
    if (port_.has_waiting()) {
        files.push_back({port_.descriptor(), POLLOUT, 0});
    }
    const std::uint64_t now = now_ms();
    std::uint64_t until = now + longest_wait_ms;
    if (order_.sample_ms > 0) {
        until = std::min(until, next_sample_);
    }
    for (const Program& program : programs_) {
        files.push_back({program.failed(), POLLIN, 0});
        if (program.is_in_dialogue()) {
            until = std::min(until, now + longest_silence_ms);
        }
        // A program that prints faster than the host reads waits in its own write(2).
        if (!port_.is_crowded()) {
            files.push_back({program.out(), POLLIN, 0});
            files.push_back({program.err(), POLLIN, 0});
        }
        if (const auto due = program.due()) {
            until = std::min(until, *due);
        }
    }
    // What is due may have to wait for the host.
    if (port_.is_crowded()) {
        until = std::max(until, now + crowded_wait_ms);
    }
    const int patience = until > now ? static_cast<int>(until - now) : 0;
    (void)::poll(files.data(), files.size(), patience);
}

void Contest::forgive_standstill() {
    const std::uint64_t now = now_ms();
    const std::uint64_t passed = now - std::exchange(latest_turn_, now);
    if (passed < longest_wait_ms + standstill_ms) {
        return;
    }
    for (Program& program : programs_) {
        program.forgive(passed - longest_wait_ms);
    }
}

void Contest::reap() {
    signalfd_siginfo signal{};
    while (::read(child_signals_.get(), &signal, sizeof signal) > 0) {
    }
    int status = 0;
    // The others are orphans, and nobody's.
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
        for (Program& program : programs_) {
            if (!program.owns(pid)) {
                continue;
            }
            program.note_status(status, now_ms());
            if (program.is_dying()) {
                dying_.push_back(&program);
            }
        }
    }
}

void Contest::end_if_over() {
    if (order_.over_when_ended && !over_) {
        const auto decider =
            std::next(programs_.begin(), static_cast<std::ptrdiff_t>(*order_.over_when_ended));
        over_ = decider->is_over();
    }
    if (!over_) {
        return;
    }
    for (Program& program : programs_) {
        if (!program.was_started()) {
            program.cancel(port_);
        } else {
            program.stop(arena::wire::End::stopped);
        }
    }
}

void Contest::kill_manually_if_due() {
    if (!order_.manual_kill || manual_kill_done_) {
        return;
    }
    const auto watched =
        std::next(programs_.begin(), static_cast<std::ptrdiff_t>(order_.manual_kill->program));
    if (watched->lines() < static_cast<std::uint64_t>(std::max(order_.manual_kill->after_lines, 0))) {
        return;
    }
    manual_kill_done_ = true;
    (void)write_to("/proc/sysrq-trigger", "f");
}

void Contest::sample_if_due() {
    const std::uint64_t now = now_ms();
    if (order_.sample_ms == 0 || now < next_sample_) {
        return;
    }
    next_sample_ = now + order_.sample_ms;
    for (Program& program : programs_) {
        program.sample(port_, now);
    }
}

void Contest::read_log() {
    for (int piece = 0; piece < 16; ++piece) {
        const std::string records = log_.read_new();
        if (records.empty()) {
            return;
        }
        port_.send(arena::wire::Log{records});
    }
}

bool Contest::is_over() const {
    return std::all_of(programs_.begin(), programs_.end(), [](const Program& p) { return p.is_over(); });
}

arena::wire::Facts Contest::facts() {
    std::uint64_t kills = 0;
    for (const Program& program : programs_) {
        kills += program.oom_kills();
    }
    const std::uint64_t until = now_ms() + record_patience_ms;
    for (read_log(); log_.kills() < kills && now_ms() < until; read_log()) {
        sleep_ms(5);
    }
    arena::wire::Facts facts;
    facts.syslog = syslog_with(log_.deeds(), syslog_patience_ms);
    facts.meminfo = read_whole("/proc/meminfo");
    facts.vmstat = read_whole("/proc/vmstat");
    const std::string group = programs_group;
    if (order_.group_bytes) {
        facts.memory_events = read_whole(group + "/memory.events");
    }
    facts.peak_bytes = number_after(read_whole(group + "/memory.peak"), "");
    utsname names{};
    if (::uname(&names) == 0) {
        facts.release = names.release;
    }
    return facts;
}

}  // namespace vmlab::guest
