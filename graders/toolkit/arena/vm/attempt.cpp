#include "arena/vm/attempt.hpp"

#include <fmt/format.h>

#include <list>
#include <stop_token>
#include <string_view>
#include <utility>

#include "arena/vm/machine.hpp"
#include "arena/vm/report.hpp"

namespace vmlab::arena {
namespace {

constexpr const char* fix_of_machine =
    "Run it again on a less busy machine. If this stays: vmlab doctor tries the VM arena by itself.";

Attempt failure(AttemptEnd end, std::string what) {
    return {end, tl::unexpected(process::Error{process::ErrorKind::failed, std::move(what), fix_of_machine})};
}

Attempt judge_run(const process::Run& run, const Request& request, VmReport& report) {
    if (report.is_complete()) {
        return {AttemptEnd::told, report.finish(process::Ending::stopped)};
    }
    if (report.is_error()) {
        return {AttemptEnd::failed, report.finish(process::Ending::lost)};
    }
    if (run.ending == process::Ending::stopped && user_has_stopped(request)) {
        return {AttemptEnd::told, report.finish(process::Ending::stopped)};
    }
    const std::string console = last_lines(run.err);
    if (run.ending == process::Ending::output_limit) {
        return failure(AttemptEnd::failed,
                       fmt::format("the VM arena's guest floods its ports; its console: {}", console));
    }
    if (!report.has_started()) {
        return failure(AttemptEnd::silent,
                       fmt::format("the VM arena's guest did not get to work ({}); its console: {}",
                                   run.describe(), console));
    }
    if (run.ending == process::Ending::finished) {
        return {AttemptEnd::broke_off, report.finish(process::Ending::lost)};
    }
    return failure(AttemptEnd::too_late,
                   fmt::format("the VM arena's guest had not finished after {:.0f} s; its console: {}",
                               run.elapsed.count(), console));
}

}  // namespace

bool user_has_stopped(const Request& request) {
    for (const Contestant& contestant : request.contestants) {
        if (contestant.job.stop.stop_requested()) {
            return true;
        }
    }
    return false;
}

Attempt attempt(const process::Sandbox& sandbox, process::Job machine, const Request& request,
                const VmOrder& order, std::chrono::milliseconds patience) {
    VmReport report(request, order.report_bytes);
    std::stop_source end;
    std::list<std::stop_callback<std::function<void()>>> stops;
    for (const Contestant& contestant : request.contestants) {
        stops.emplace_back(contestant.job.stop, [end]() mutable { end.request_stop(); });
    }
    machine.limits.wall = order.wall;
    machine.limits.first_output = patience;
    machine.limits.output_bytes = order.report_bytes;
    machine.stop = end.get_token();
    machine.on_output = [&](std::string_view piece) {
        report.take(piece);
        if (report.is_over()) {
            end.request_stop();  // how the guest powers off is of no interest
        }
    };
    const auto run = sandbox.run(machine);
    if (!run) {
        return {AttemptEnd::silent, tl::unexpected(run.error())};
    }
    return judge_run(*run, request, report);
}

}  // namespace vmlab::arena
