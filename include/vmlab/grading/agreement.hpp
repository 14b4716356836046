#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/grading/result.hpp"
#include "vmlab/process/run.hpp"

namespace vmlab::grading {

/// What may differ between two runs of an honest program. Addresses (0x…) always may.
struct Apart {
    /// On lines that begin with one of these all numbers may differ: "Process ID: ".
    std::vector<std::string> varying = {};
};

/// The first line on which two texts contradict one another.
struct Contradiction {
    std::size_t line = 0;  ///< counted from 1
    std::string first;     ///< that line of each text as it was printed; absent lines are told in words
    std::string second;
};

[[nodiscard]] std::optional<Contradiction> contradiction(std::string_view first, std::string_view second,
                                                         const Apart& apart = {});

/// One of several runs of the same program with the same arguments. The run must outlive it.
struct Witness {
    std::string how;  ///< completes "stdout": "under strace"
    const process::Run& run;
};

struct Agreement {
    Apart apart = {};
    /// How the check ends when the witnesses contradict one another: failed, where a mistake (memory that was
    /// never initialised) can be the reason, else tamper_suspected.
    OutcomeKind otherwise = OutcomeKind::failed;
    std::string next = {};  ///< the card's next command
};

/// Ends the check unless both runs printed the same and ended in the same way; both witnesses are in the
/// card. When the second did not end by itself the reason is timed-out, output-limit or crashed.
void expect_agreement(const Witness& first, const Witness& second, const Agreement& agreement);

}  // namespace vmlab::grading
