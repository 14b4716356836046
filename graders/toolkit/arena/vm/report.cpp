#include "arena/vm/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arena/verdict.hpp"
#include "arena/vm/machine.hpp"
#include "vmlab/evidence/kernel_log.hpp"

namespace vmlab::arena {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_frame_bytes = 16U << 20U;
constexpr const char* fix_of_kernel =
    "scripts/setup --vm fetches a kernel that has it; VMLAB_KERNEL, where it is set, names another";
constexpr const char* fix_of_nonsense =
    "Run it again. If this stays, look at what the program does: it may have taken the guest over.";

process::Ending ending_of(wire::End end) {
    switch (end) {
        case wire::End::finished:
            return process::Ending::finished;
        case wire::End::timed_out:
            return process::Ending::timed_out;
        case wire::End::output_limit:
            return process::Ending::output_limit;
        case wire::End::stopped:
        case wire::End::not_started:
            break;
    }
    return process::Ending::stopped;
}

}  // namespace

VmReport::VmReport(const Request& request, std::uint64_t most_bytes)
    : request_(request), decoder_(most_frame_bytes, most_bytes), progress_(request.contestants.size()) {
    outcome_.contestants.resize(request.contestants.size());
}

void VmReport::refuse(std::string_view what) {
    if (!error_) {
        error_ = process::Error{process::ErrorKind::failed,
                                fmt::format("the VM arena's guest told what cannot be: {}", what),
                                fix_of_nonsense};
    }
}

void VmReport::take(std::string_view piece) {
    if (error_) {
        return;
    }
    begun_ = begun_ || !piece.empty();
    decoder_.add(piece);
    while (!error_) {
        auto event = decoder_.next();
        if (!event) {
            refuse(event.error().what);
        } else if (!*event) {
            return;
        } else {
            take_event(std::move(**event));
        }
    }
}

void VmReport::take_event(wire::Event event) {
    if (complete_) {
        refuse("something after its last words");
        return;
    }
    std::visit([this](auto& each) { on(each); }, event);
}

bool VmReport::expect_running(std::uint32_t program, std::string_view what) {
    if (program >= progress_.size() || !progress_[program].started || progress_[program].ended) {
        refuse(fmt::format("{} of a program that does not run", what));
        return false;
    }
    return true;
}

void VmReport::on(const wire::Started& event) {
    if (event.program >= progress_.size() || progress_[event.program].started ||
        progress_[event.program].ended || event.pid <= 1) {
        refuse("the start of a program that cannot start");
        return;
    }
    progress_[event.program].started = true;
    started_ = true;
    process::Run& run = outcome_.contestants[event.program].run;
    run.pid = event.pid;  // for the verdict alone, see finish()
    run.inner_pid = event.pid;
}

void VmReport::on(wire::Output& event) {
    if (!expect_running(event.program, "output")) {
        return;
    }
    const process::Job& job = request_.contestants[event.program].job;
    std::uint64_t& total = progress_[event.program].output_bytes;
    total += event.bytes.size();
    if (event.descriptor != 1 && event.descriptor != 2) {
        refuse("output on a descriptor that is not watched");
    } else if (job.limits.output_bytes != 0 && total > job.limits.output_bytes) {
        refuse("more output than the limit");
    } else {
        process::Run& run = outcome_.contestants[event.program].run;
        (event.descriptor == 1 ? run.out : run.err) += event.bytes;
        if (event.descriptor == 1 && job.on_output) {
            job.on_output(event.bytes);
        }
    }
}

void VmReport::on(const wire::Sample& event) {
    if (!expect_running(event.program, "a sample")) {
        return;
    }
    evidence::ProcessSample sample;
    evidence::parse_status(event.status, sample);
    evidence::parse_stat(event.stat, sample);
    sample.at = std::chrono::milliseconds(std::min<std::uint64_t>(event.at_ms, 1U << 30U));
    sample.state = event.state;
    sample.heap_bytes = event.heap_bytes;
    sample.oom_score = event.oom_score;
    sample.oom_score_adj = event.oom_score_adj;
    outcome_.contestants[event.program].samples.push_back(sample);
    if (request_.on_sample) {
        request_.on_sample(event.program, sample);
    }
}

void VmReport::on(const wire::Looked& event) {
    if (!expect_running(event.program, "a look")) {
        return;
    }
    if (!request_.contestants[event.program].dialogue) {
        refuse("a look at a program that holds no dialogue");
        return;
    }
    Look look{.lines = event.lines, .spoiled_pages = event.spoiled_pages, .sample = {}};
    evidence::parse_status(event.status, look.sample);
    evidence::parse_stat(event.stat, look.sample);
    outcome_.contestants[event.program].looks.push_back(std::move(look));
}

void VmReport::on(wire::Log& event) {
    outcome_.kernel_log += event.records;
    if (request_.on_log) {
        request_.on_log(event.records);
    }
}

void VmReport::on(const wire::Ended& event) {
    const bool exists = event.program < progress_.size() && !progress_[event.program].ended;
    if (!exists || progress_[event.program].started == (event.end == wire::End::not_started)) {
        refuse("the end of a program that cannot end");
        return;
    }
    progress_[event.program].ended = true;
    ContestantResult& result = outcome_.contestants[event.program];
    result.run.ending = ending_of(event.end);
    if (event.end == wire::End::not_started) {
        return;
    }
    result.run.status = process::ExitStatus::from_wait(event.wait_status);
    result.run.elapsed = std::chrono::milliseconds(std::min<std::uint64_t>(event.elapsed_ms, 1U << 30U));
    result.run.ended = Clock::now();
    result.oom_kills = event.oom_kills;
    result.died_as = ended_++;
}

void VmReport::on(wire::Facts& event) {
    if (!std::all_of(progress_.begin(), progress_.end(), [](const Progress& each) { return each.ended; })) {
        refuse("last words while a program runs");
        return;
    }
    complete_ = true;
    outcome_.syslog = std::move(event.syslog);
    outcome_.meminfo = std::move(event.meminfo);
    outcome_.vmstat = std::move(event.vmstat);
    if (request_.scope == Scope::group) {
        outcome_.peak_bytes = event.peak_bytes;
    }
}

void VmReport::on(const wire::Trouble& event) {
    const std::string what =
        fmt::format("the VM arena's guest could not do its work: {}", last_lines(event.what));
    error_ = event.machine_lacks
                 ? process::Error{process::ErrorKind::machine_lacks, what, fix_of_kernel}
                 : process::Error{process::ErrorKind::failed, what,
                                  "Run it again. If this stays, tell whoever maintains this lab."};
}

process::Result<Outcome> VmReport::finish(process::Ending ending) {
    if (error_) {
        return tl::unexpected(*error_);
    }
    for (std::size_t i = 0; i < progress_.size(); ++i) {
        process::Run& run = outcome_.contestants[i].run;
        if (!progress_[i].ended) {
            run.ending = progress_[i].started ? ending : process::Ending::stopped;
            run.ended = Clock::now();
            run.elapsed = run.ended - began_;
            outcome_.contestants[i].died_as = progress_[i].started ? ended_++ : -1;
        }
        outcome_.oom_kills += outcome_.contestants[i].oom_kills;
    }
    judge(outcome_.contestants, evidence::parse_oom_kills(outcome_.kernel_log), true);
    for (ContestantResult& result : outcome_.contestants) {
        result.run.pid = 0;  // it is a number of the guest's: no process of this machine
    }
    return std::move(outcome_);
}

}  // namespace vmlab::arena
