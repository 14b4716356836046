#include "evidence/syscalls/sleep_clock.hpp"

#include <algorithm>
#include <limits>

#include "evidence/text.hpp"

namespace vmlab::evidence {
namespace {

using std::chrono::nanoseconds;

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    text.remove_prefix(at + name.size());
    return take_number<std::uint64_t>(text);
}

/// "{tv_sec=2, tv_nsec=0}" or "{tv_sec=1, tv_usec=250000}". No sleep of the lab comes near 100 years: more is
/// cut to that, so that sums do not overflow.
std::optional<nanoseconds> time_value(std::string_view text) {
    constexpr std::uint64_t hundred_years = 3'155'760'000;
    const auto seconds = number_after(text, "tv_sec=");
    if (!seconds) {
        return std::nullopt;
    }
    const auto nano = number_after(text, "tv_nsec=");
    const auto micro = number_after(text, "tv_usec=");
    const std::uint64_t fraction = nano ? *nano : micro.value_or(0) * 1000;
    return std::chrono::seconds(std::min(*seconds, hundred_years)) +
           nanoseconds(std::min<std::uint64_t>(fraction, 999'999'999));
}

std::optional<nanoseconds> time_value_at(const SystemCall& call, std::size_t argument) {
    return argument < call.arguments.size() ? time_value(call.arguments[argument]) : std::nullopt;
}

bool is_until_a_moment(const SystemCall& call) {
    return call.name == "clock_nanosleep" && call.arguments.size() > 2 &&
           call.arguments[1].find("TIMER_ABSTIME") != std::string::npos;
}

/// What the arguments say: a length, or with TIMER_ABSTIME a moment.
std::optional<nanoseconds> requested(const SystemCall& call) {
    if (call.name == "nanosleep") {
        return time_value_at(call, 0);
    }
    if (call.name == "clock_nanosleep") {
        return time_value_at(call, 2);
    }
    if (call.name == "select" || call.name == "pselect6") {
        return time_value_at(call, 4);
    }
    if (call.name == "ppoll") {
        return time_value_at(call, 2);
    }
    if (call.name == "poll" && call.arguments.size() > 2) {
        const auto milliseconds = whole_number<int>(call.arguments[2]);
        if (milliseconds && *milliseconds >= 0) {
            return std::chrono::milliseconds(*milliseconds);
        }
    }
    return std::nullopt;
}

}  // namespace

bool is_sleep(const SystemCall& call) {
    if (call.name == "nanosleep" || call.name == "clock_nanosleep") {
        return true;
    }
    if (call.name == "select" || call.name == "pselect6") {
        return !call.arguments.empty() && call.arguments[0] == "0" && requested(call);
    }
    if (call.name == "poll" || call.name == "ppoll") {
        return call.arguments.size() > 1 && call.arguments[1] == "0" && requested(call);
    }
    return false;
}

nanoseconds sleep_requested(const SystemCall& call) {
    return call.slept;
}

nanoseconds SleepClock::until(const SystemCall& call, Time moment, std::optional<Time> time) {
    const std::string& clock = call.arguments[0];
    const auto before = slept_until_.find({call.pid, clock});
    std::optional<Time> now;
    if (time && clock == "CLOCK_REALTIME") {
        now = *time;
    } else if (time && monotonic_minus_real_ && clock == "CLOCK_MONOTONIC") {
        now = *time + *monotonic_minus_real_;
    }
    // A sleep that we let return at once has not moved the clock: the program is where it asked to be.
    if (before != slept_until_.end()) {
        now = now ? std::max(*now, before->second) : before->second;
    }
    slept_until_[{call.pid, clock}] = moment;
    return now ? std::max(moment - *now, Time::zero()) : Time::zero();
}

nanoseconds SleepClock::slept(const SystemCall& call, std::optional<nanoseconds> time) {
    const auto last = last_sleep_.find(call.pid);
    const std::optional<Asked> before =
        last == last_sleep_.end() ? std::nullopt : std::optional(last->second);
    if (last != last_sleep_.end()) {
        last_sleep_.erase(last);
    }
    const auto asked = is_sleep(call) && !call.failed() ? requested(call) : std::nullopt;
    if (!asked) {
        return {};
    }
    if (is_until_a_moment(call)) {
        return until(call, *asked, time);
    }
    if (!time) {
        return *asked;
    }

    // A loop that waits for a clock asks again for what is left: the same deadline, a shorter length. The
    // time stamp is taken a little after the program read its clock, much after when the machine is busy; a
    // length that a person wrote is whole microseconds, what is left of one hardly ever is.
    const Asked present{*time + *asked, *asked};
    const bool written_by_a_person = *asked % std::chrono::microseconds(1) == Time::zero();
    const Time late = written_by_a_person ? std::chrono::milliseconds(5) : std::chrono::milliseconds(500);
    const bool same_deadline = before &&
                               present.deadline >= before->deadline - std::chrono::milliseconds(5) &&
                               present.deadline <= before->deadline + late;
    if (same_deadline && present.length < before->length) {
        last_sleep_[call.pid] = {before->deadline, present.length};
        return {};
    }
    last_sleep_[call.pid] = present;
    return *asked;
}

}  // namespace vmlab::evidence
