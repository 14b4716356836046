#pragma once

#include <chrono>
#include <string>

#include "arena/vm/order.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/run.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::arena {

/// How one run of the machine went.
enum class AttemptEnd {
    told,       ///< the guest told everything, or the user stopped it: the outcome is final
    silent,     ///< nothing came from the guest at all: what it was started from is suspect
    broke_off,  ///< the machine was gone while programs ran: it panicked, or was rebooted
    failed,     ///< trouble in the guest, or the guest told what cannot be
    too_late,   ///< it had not finished within VmOrder::wall
};

struct Attempt {
    AttemptEnd end = AttemptEnd::silent;
    /// told and broke_off: what is known; in the latter, a contestant that ran is Ending::lost. Else why not.
    process::Result<Outcome> outcome;
};

/// Whether somebody has asked for the end of this run.
[[nodiscard]] bool user_has_stopped(const Request& request);

/// Runs the machine once. `patience` is how long the guest may take to say its first word.
[[nodiscard]] Attempt attempt(const process::Sandbox& sandbox, process::Job machine, const Request& request,
                              const VmOrder& order, std::chrono::milliseconds patience);

}  // namespace vmlab::arena
