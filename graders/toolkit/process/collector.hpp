#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>

#include "process/dialogue.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/run.hpp"

namespace vmlab::process {

/// Our ends of what a child was given.
struct Streams {
    Descriptor out;
    Descriptor err;
    Descriptor status;  ///< the launcher's messages; none for a trusted tool
    std::map<int, Descriptor> channels = {};
    std::optional<Dialogue> dialogue = {};  ///< where the job has one
};

/// How a child that must go is ended, and with it everything it started.
enum class EndBy {
    killing_namespace,  ///< SIGKILL to bubblewrap: its pid namespace dies with it
    asking,  ///< SIGTERM to vmlab-launch or a tool of ours, which ends what it started; SIGKILL if it does
             ///< not end
};

/// Reads all streams until the child and everything it started is gone, or a limit, the job's stop or its end
/// is reached; then ends what is left. Reaps the child. `job` gives limits and callbacks.
/// `is_too_large`, where given, is asked a few times a second; yes ends the run as an output limit does.
[[nodiscard]] Result<Run> collect(pid_t child, Streams streams, const Job& job, EndBy end_by,
                                  std::function<bool()> is_too_large = {});

}  // namespace vmlab::process
