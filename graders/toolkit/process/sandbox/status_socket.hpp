#pragma once

#include <sys/types.h>

#include <optional>

#include "process/sandbox/launch_protocol.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// A socket pair for the launcher's messages: packets, with the sender's credentials.
[[nodiscard]] Result<DescriptorPair> make_status_pair();

struct StatusReport {
    LaunchMessage message{};
    pid_t sender = 0;  ///< as the kernel says, in our own pid namespace
};

/// The next message of our end. Nothing: none is there yet, or none will come any more; then the descriptor
/// is closed.
[[nodiscard]] std::optional<StatusReport> receive_status(Descriptor& ours);

}  // namespace vmlab::process
