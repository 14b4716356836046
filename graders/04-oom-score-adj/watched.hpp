#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "vmlab/evidence/procfs.hpp"
#include "vmlab/grading/lab.hpp"

namespace oom_score {

/// A run that was looked at from outside when it had printed a certain line, and then stopped.
struct Watched {
    vmlab::process::Run run;
    std::optional<vmlab::evidence::ProcessSample> sample;  ///< absent: no such line, or the program was gone
};

/// Reads /proc/PID once the process sleeps: what it does before and after the printing of a line is done
/// then.
inline std::optional<vmlab::evidence::ProcessSample> sample_asleep(pid_t pid) {
    std::optional<vmlab::evidence::ProcessSample> last;
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const auto sample = vmlab::evidence::sample_process(pid);
        if (!sample || sample->state == 'Z' || sample->state == 'X') {
            break;
        }
        last = *sample;
        if (sample->state == 'S') {
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return last;
}

/// Runs the program until it has printed a whole line that begins with `line`.
inline Watched watch(vmlab::grading::Lab& lab, const vmlab::grading::Program& program,
                     vmlab::grading::NativeOptions options, const std::string& line) {
    Watched watched;
    pid_t pid = 0;
    std::string out = "\n";
    std::stop_source stop;
    options.stop = stop.get_token();
    options.on_started = [&pid](pid_t started) { pid = started; };
    options.on_output = [&](std::string_view piece) {
        out += piece;
        const std::size_t found = out.find("\n" + line);
        if (watched.sample || found == std::string::npos || out.find('\n', found + 1) == std::string::npos) {
            return;
        }
        watched.sample = sample_asleep(pid);
        stop.request_stop();
    };
    watched.run = lab.native(program, options);
    return watched;
}

}  // namespace oom_score
