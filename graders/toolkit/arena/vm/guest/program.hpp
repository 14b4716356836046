#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "arena/vm/guest/port.hpp"
#include "arena/vm/wire/wire.hpp"
#include "process/dialogue.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::guest {

/// The group (cgroup v2) of all programs; each has one of its own in it.
constexpr const char* programs_group = "/sys/fs/cgroup/programs";

/// One program of the order, from its start until everything it left behind is dead and all of its output is
/// sent. Nothing here waits: the contest calls what has become due.
class Program {
  public:
    Program(const arena::wire::Program& order, std::size_t position);

    /// Makes its cgroup and its working folder. To be done for all programs before the first one starts.
    [[nodiscard]] process::Result<void> prepare();
    [[nodiscard]] process::Result<void> start(Port& port, std::uint64_t now);

    [[nodiscard]] bool was_started() const { return state_ != State::waiting; }
    [[nodiscard]] bool is_dying() const { return state_ == State::ended; }
    [[nodiscard]] bool is_over() const { return state_ == State::over; }
    [[nodiscard]] bool owns(pid_t pid) const { return pid == pid_; }
    [[nodiscard]] std::uint64_t lines() const { return lines_; }
    [[nodiscard]] std::uint64_t oom_kills() const { return oom_kills_; }

    /// To be polled for POLLIN; -1: closed.
    [[nodiscard]] int out() const { return out_.get(); }
    [[nodiscard]] int err() const { return err_.get(); }
    [[nodiscard]] int failed() const { return failed_.get(); }

    /// Takes what the program has printed.
    void read_output(Port& port);
    /// Looks whether it could be executed. An Error: it could not.
    [[nodiscard]] process::Result<void> read_failure();
    void sample(Port& port, std::uint64_t now);
    /// Whether it may wait for an answer at any moment: nothing but looking tells.
    [[nodiscard]] bool is_in_dialogue() const;
    /// Where it waits for input: pushes it, looks at it and answers.
    void answer(Port& port);
    /// waitpid(2) told this of its process, whether it has ended or is held.
    void note_status(int wait_status, std::uint64_t now);
    /// Ends it and everything it started.
    void stop(arena::wire::End why);
    /// When next() should be called at the latest.
    [[nodiscard]] std::optional<std::uint64_t> due() const;
    /// Does what time alone makes due.
    void next(Port& port, std::uint64_t now);
    /// So much of its wall time does not count: the machine stood still.
    void forgive(std::uint64_t lost_ms);
    /// It will never be started.
    void cancel(Port& port);

  private:
    enum class State {
        waiting,
        running,
        ended,  ///< what it has printed and what it started are not all gone yet
        over,
    };

    void read_pipe(process::Descriptor& pipe, int descriptor, Port& port);
    void kill_all() const;
    void let_go();
    [[nodiscard]] std::uint64_t wall_ends_ms() const;
    void finish(Port& port);
    [[nodiscard]] std::uint32_t number() const { return static_cast<std::uint32_t>(position_); }

    const arena::wire::Program& order_;
    std::size_t position_;
    std::string cgroup_;
    State state_ = State::waiting;
    pid_t pid_ = 0;
    process::Descriptor out_;
    process::Descriptor err_;
    process::Descriptor failed_;
    process::Descriptor status_file_;
    process::Descriptor stat_file_;
    process::Descriptor maps_file_;
    process::Descriptor score_file_;
    process::Descriptor adj_file_;
    bool executed_ = false;
    std::uint64_t started_ms_ = 0;
    std::uint64_t ended_ms_ = 0;
    std::uint64_t forgiven_ms_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t lines_ = 0;
    std::uint64_t oom_kills_ = 0;
    std::optional<std::uint64_t> held_until_;
    std::optional<process::Dialogue> dialogue_;
    std::size_t answers_ = 0;
    std::optional<arena::wire::End> stopped_as_;
    int wait_status_ = 0;
};

}  // namespace vmlab::guest
