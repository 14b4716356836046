#include "arena/vm/guest/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "arena/vm/guest/kernel_files.hpp"
#include "arena/vm/guest/push.hpp"
#include "arena/vm/guest/start.hpp"

namespace vmlab::guest {
namespace {

using arena::wire::End;

// How long what a dead program left in its pipes is waited for, should somebody hold their other ends.
constexpr std::uint64_t drain_ms = 1000;
constexpr std::size_t pipe_piece = 16U << 10U;
constexpr std::size_t most_answers = 64;

process::Descriptor open_kernel_file(pid_t pid, const char* name) {
    return process::Descriptor(::open(fmt::format("/proc/{}/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC));
}

char state_of(std::string_view status) {
    constexpr std::string_view name = "\nState:\t";
    const std::size_t at = status.find(name);
    return at == std::string_view::npos || at + name.size() >= status.size() ? '?' : status[at + name.size()];
}

/// Of the row of /proc/PID/maps that ends in [heap].
std::uint64_t heap_size(const std::string& maps) {
    const std::size_t name = maps.find("[heap]");
    if (name == std::string::npos) {
        return 0;
    }
    const std::size_t newline = maps.rfind('\n', name);
    const char* row = maps.c_str() + (newline == std::string::npos ? 0 : newline + 1);
    unsigned long start = 0;
    unsigned long end = 0;
    return std::sscanf(row, "%lx-%lx", &start, &end) == 2 ? end - start : 0;
}

int to_int(const std::string& text) {
    return static_cast<int>(std::strtol(text.c_str(), nullptr, 10));
}

}  // namespace

Program::Program(const arena::wire::Program& order, std::size_t position)
    : order_(order), position_(position), cgroup_(fmt::format("{}/{}", programs_group, position)) {}

process::Result<void> Program::prepare() {
    if (::mkdir(cgroup_.c_str(), 0755) != 0) {
        return process::failed_call("mkdir", cgroup_);
    }
    if (!order_.as_root && order_.processes > 0) {
        (void)write_to(cgroup_ + "/pids.max", std::to_string(order_.processes));
    }
    for (const auto& [limit, bytes] :
         {std::pair{"memory.max", order_.memory_bytes}, std::pair{"memory.swap.max", order_.swap_bytes}}) {
        const std::string file = fmt::format("{}/{}", cgroup_, limit);
        if (bytes && !write_to(file, std::to_string(*bytes))) {
            return process::failed_call("write", file);
        }
    }
    return make_working_folder(order_, position_);
}

process::Result<void> Program::start(Port& port, std::uint64_t now) {
    process::Descriptor input;
    if (order_.dialogue) {
        auto dialogue = process::Dialogue::open(input);
        if (!dialogue) {
            return tl::unexpected(dialogue.error());
        }
        dialogue_ = std::move(*dialogue);
    }
    auto newborn = make_process(order_, position_, cgroup_, std::move(input));
    if (!newborn) {
        return tl::unexpected(newborn.error());
    }
    pid_ = newborn->pid;
    state_ = State::running;
    started_ms_ = now;
    // Only a program that is to be held is traced: everybody else must be able to see that nobody traces it.
    if (order_.hold_at_exit_ms > 0 && ::ptrace(PTRACE_SEIZE, pid_, nullptr, PTRACE_O_TRACEEXIT) != 0) {
        return process::failed_call("ptrace(PTRACE_SEIZE)");
    }
    out_ = std::move(newborn->out);
    err_ = std::move(newborn->err);
    failed_ = std::move(newborn->failed);
    port.send(arena::wire::Started{number(), pid_});
    release(*newborn);
    return {};
}

process::Result<void> Program::read_failure() {
    int number = 0;
    const ssize_t got = ::read(failed_.get(), &number, sizeof number);
    if (got == sizeof number) {
        errno = number;
        return process::failed_call("execve", order_.argv.front());
    }
    if (got == 0) {
        failed_.reset();
        executed_ = true;
        // Opened once and kept: opening them takes memory that there may not be later.
        status_file_ = open_kernel_file(pid_, "status");
        stat_file_ = open_kernel_file(pid_, "stat");
        maps_file_ = open_kernel_file(pid_, "maps");
        score_file_ = open_kernel_file(pid_, "oom_score");
        adj_file_ = open_kernel_file(pid_, "oom_score_adj");
    }
    return {};
}

void Program::sample(Port& port, std::uint64_t now) {
    // Samples are what can be done without when the host is slow.
    if (state_ != State::running || !executed_ || held_until_ || port.is_crowded()) {
        return;
    }
    arena::wire::Sample sample;
    sample.program = number();
    sample.at_ms = now - started_ms_;
    sample.status = read_again(status_file_.get());
    if (sample.status.empty()) {
        return;
    }
    sample.state = state_of(sample.status);
    sample.stat = read_again(stat_file_.get());
    sample.heap_bytes = heap_size(read_again(maps_file_.get()));
    sample.oom_score = to_int(read_again(score_file_.get()));
    sample.oom_score_adj = to_int(read_again(adj_file_.get()));
    port.send(sample);
}

bool Program::is_in_dialogue() const {
    return state_ == State::running && executed_ && !held_until_ && dialogue_ && dialogue_->is_open();
}

void Program::answer(Port& port) {
    if (!is_in_dialogue() || port.is_crowded()) {
        return;
    }
    const auto reader = dialogue_->waiting_reader(pid_);
    if (!reader) {
        return;
    }
    read_output(port);
    arena::wire::Looked looked;
    looked.program = number();
    looked.lines = lines_;
    if (answers_ < order_.dialogue->size()) {
        const arena::wire::Push& push = (*order_.dialogue)[answers_];
        looked.spoiled_pages = push.spoiled_page ? spoil_page(*reader, *push.spoiled_page) : 0;
        if (push.memory_bytes) {
            (void)write_to(cgroup_ + "/memory.max", std::to_string(*push.memory_bytes));
        }
        if (push.reclaim) {
            reclaim_memory(cgroup_);
        }
    }
    looked.status = read_whole(fmt::format("/proc/{}/status", *reader));
    looked.stat = read_whole(fmt::format("/proc/{}/stat", *reader));
    port.send(looked);
    if (++answers_ < most_answers) {
        dialogue_->say("\n");
    } else {
        dialogue_->close();
    }
}

void Program::read_output(Port& port) {
    read_pipe(out_, 1, port);
    read_pipe(err_, 2, port);
}

void Program::read_pipe(process::Descriptor& pipe, int descriptor, Port& port) {
    // Not all there is: a program may print for as long as it is read.
    for (int pieces = 0; pieces < 8 && pipe && !port.is_crowded(); ++pieces) {
        char piece[pipe_piece];
        const ssize_t got = ::read(pipe.get(), piece, sizeof piece);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            pipe.reset();
            return;
        }
        const auto size = static_cast<std::uint64_t>(got);
        const std::uint64_t room =
            order_.output_bytes == 0 ? size : order_.output_bytes - std::min(bytes_, order_.output_bytes);
        const std::string_view text(piece, std::min(size, room));
        bytes_ += size;
        if (descriptor == 1) {
            lines_ += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
        }
        if (!text.empty()) {
            port.send(arena::wire::Output{number(), descriptor, std::string(text)});
        }
        if (size > room) {
            stop(End::output_limit);
        }
    }
}

void Program::note_status(int wait_status, std::uint64_t now) {
    if (!WIFSTOPPED(wait_status)) {
        wait_status_ = wait_status;
        ended_ms_ = now;
        state_ = State::ended;
        held_until_.reset();
        kill_all();
        return;
    }
    // It is traced (PTRACE_SEIZE), so that it can be held at its exit; else it is left as it would be.
    const int event = wait_status >> 16;
    if (event == PTRACE_EVENT_EXIT) {
        unsigned long status = 0;
        (void)::ptrace(PTRACE_GETEVENTMSG, pid_, nullptr, &status);
        if (WIFSIGNALED(static_cast<int>(status)) && WTERMSIG(static_cast<int>(status)) == SIGKILL &&
            !stopped_as_) {
            held_until_ = now + order_.hold_at_exit_ms;
        } else {
            let_go();
        }
    } else if (event == PTRACE_EVENT_STOP && WSTOPSIG(wait_status) != SIGTRAP) {
        (void)::ptrace(PTRACE_LISTEN, pid_, nullptr, nullptr);
    } else {
        const int signal = event == 0 ? WSTOPSIG(wait_status) : 0;
        (void)::ptrace(PTRACE_CONT, pid_, nullptr, signal);
    }
}

void Program::let_go() {
    held_until_.reset();
    (void)::ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
}

void Program::kill_all() const {
    if (write_to(cgroup_ + "/cgroup.kill", "1")) {
        return;
    }
    // Before Linux 5.14: as often as it takes for none to be left that could fork.
    for (int round = 0; round < 100; ++round) {
        const std::string pids = read_whole(cgroup_ + "/cgroup.procs");
        if (pids.empty()) {
            return;
        }
        for (std::size_t at = 0; at < pids.size(); at = pids.find('\n', at) + 1) {
            const int pid = to_int(pids.substr(at));
            if (pid > 1) {
                (void)::kill(pid, SIGKILL);
            }
            if (pids.find('\n', at) == std::string::npos) {
                break;
            }
        }
    }
}

void Program::stop(End why) {
    if (state_ != State::running || stopped_as_) {
        return;
    }
    stopped_as_ = why;
    kill_all();
    if (held_until_) {
        let_go();
    }
}

std::optional<std::uint64_t> Program::due() const {
    if (state_ == State::ended) {
        return ended_ms_ + drain_ms;
    }
    if (state_ != State::running) {
        return std::nullopt;
    }
    if (held_until_) {
        return held_until_;
    }
    if (stopped_as_ || order_.wall_ms == 0) {
        return std::nullopt;
    }
    return wall_ends_ms();
}

std::uint64_t Program::wall_ends_ms() const {
    return started_ms_ + order_.wall_ms + forgiven_ms_;
}

void Program::forgive(std::uint64_t lost_ms) {
    if (state_ == State::running) {
        forgiven_ms_ += lost_ms;
    }
}

void Program::next(Port& port, std::uint64_t now) {
    if (state_ == State::running) {
        if (held_until_ && now >= *held_until_) {
            let_go();
        } else if (!held_until_ && order_.wall_ms > 0 && now >= wall_ends_ms()) {
            stop(End::timed_out);
        }
    } else if (state_ == State::ended) {
        if ((!out_ && !err_) || (now >= ended_ms_ + drain_ms && !port.is_crowded())) {
            finish(port);
        }
    }
}

void Program::finish(Port& port) {
    out_.reset();
    err_.reset();
    failed_.reset();
    oom_kills_ = number_after(read_whole(cgroup_ + "/memory.events"), "oom_kill ");
    state_ = State::over;
    arena::wire::Ended ended;
    ended.program = number();
    ended.end = stopped_as_.value_or(End::finished);
    ended.wait_status = wait_status_;
    ended.elapsed_ms = ended_ms_ - started_ms_;
    ended.oom_kills = oom_kills_;
    port.send(ended);
}

void Program::cancel(Port& port) {
    state_ = State::over;
    arena::wire::Ended ended;
    ended.program = number();
    ended.end = End::not_started;
    port.send(ended);
}

}  // namespace vmlab::guest
