#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <vector>

#include "arena/vm/guest/kernel_log.hpp"
#include "arena/vm/guest/port.hpp"
#include "arena/vm/guest/program.hpp"
#include "arena/vm/wire/wire.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::guest {

/// Runs the programs of an order and tells the host, as it comes, what happens.
class Contest {
  public:
    Contest(const arena::wire::Order& order, Port& port);
    /// Returns when all programs are over. An Error: the order cannot be carried out.
    [[nodiscard]] process::Result<void> run();
    /// What is to be said when they are over.
    [[nodiscard]] arena::wire::Facts facts();

  private:
    process::Result<void> prepare();
    process::Result<void> turn();
    process::Result<void> start_those_whose_turn_it_is();
    void wait_for_something();
    /// Time in which the whole machine did not run is no time of the programs.
    void forgive_standstill();
    void reap();
    void end_if_over();
    void kill_manually_if_due();
    void sample_if_due();
    void read_log();
    [[nodiscard]] bool is_over() const;

    const arena::wire::Order& order_;
    Port& port_;
    std::list<Program> programs_;
    std::deque<Program*> dying_;  ///< by the time of their ends
    KernelLog log_;
    process::Descriptor child_signals_;
    std::uint64_t next_sample_ = 0;
    std::uint64_t latest_turn_ = 0;
    bool over_ = false;
    bool manual_kill_done_ = false;
};

}  // namespace vmlab::guest
