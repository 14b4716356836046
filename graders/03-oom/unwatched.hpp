#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/lab.hpp"

namespace oom_evidence {

/// A run that nobody traced, looked at from outside when it slept after its first line, and then stopped.
struct Unwatched {
    vmlab::process::Run run;
    std::optional<vmlab::evidence::ProcessSample> sample;  ///< absent: no line, or the program was gone
};

/// The program has to sleep for minutes after its first line. One that does not is looked at once more at the
/// end of the patience, whatever it does then.
inline Unwatched look_when_asleep(vmlab::grading::Lab& lab, const vmlab::grading::Program& program,
                                  std::vector<std::string> arguments) {
    Unwatched result;
    pid_t pid = 0;
    std::stop_source stop;
    vmlab::grading::NativeOptions options;
    options.arguments = std::move(arguments);
    options.limits.wall = std::chrono::seconds(10);  // a line that is not flushed never comes
    options.stop = stop.get_token();
    options.on_started = [&pid](pid_t started) { pid = started; };
    options.on_output = [&](std::string_view piece) {
        if (stop.stop_requested() || piece.find('\n') == std::string_view::npos) {
            return;
        }
        for (int attempt = 0; attempt < 1000; ++attempt) {
            const auto sample = vmlab::evidence::sample_process(pid);
            if (!sample || sample->virtual_bytes == 0) {  // it has ended, or is about to
                break;
            }
            result.sample = *sample;
            if (sample->state == 'S') {
                break;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        stop.request_stop();
    };
    result.run = lab.native(program, options);
    return result;
}

}  // namespace oom_evidence
