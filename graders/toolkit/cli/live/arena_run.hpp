#pragma once

#include <stop_token>
#include <string>

#include "cli/commands.hpp"
#include "cli/live/live_view.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/grading/build.hpp"
#include "vmlab/process/sandbox.hpp"
#include "vmlab/report/text.hpp"

// What `vmlab run` does once program and arena are there: the request that it makes of the arena, and what it
// says of the outcome.

namespace vmlab::cli {

/// The arena's memory: what was asked for, else 256 MiB. A whole machine's is 128 MiB or the next power of
/// two that holds what was asked for.
[[nodiscard]] std::uint64_t arena_bytes(const RunRequest& request, arena::Kind kind);

/// How many programs run: with --beside, the same one twice.
[[nodiscard]] std::size_t programs_of(const RunRequest& request);

/// The view sees what happens in the arena as it does; `stop` ends it.
[[nodiscard]] arena::Request make_request(const grading::Program& program, const RunRequest& request,
                                          arena::Kind kind, LiveView& view, const std::stop_token& stop);

/// How each program ended and how much memory it had; what the kernel and the machine's syslog say.
[[nodiscard]] std::string summary(const arena::Outcome& outcome, const RunRequest& request, arena::Kind kind,
                                  const report::TextStyle& style);

}  // namespace vmlab::cli
