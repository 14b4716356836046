#include "vmlab/process/run.hpp"

#include <fmt/format.h>

namespace vmlab::process {

std::string Run::describe() const {
    switch (ending) {
        case Ending::finished:
            return status.describe();
        case Ending::timed_out:
            return fmt::format("still running after {:.0f} s, so it was stopped", elapsed.count());
        case Ending::output_limit:
            return "printed more than the output limit, so it was stopped";
        case Ending::stopped:
            return "stopped by the grader";
        case Ending::lost:
            return "ended together with the processes around it (was everything it could reach killed?)";
    }
    return status.describe();
}

}  // namespace vmlab::process
