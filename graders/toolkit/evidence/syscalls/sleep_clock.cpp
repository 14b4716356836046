#include "evidence/syscalls/sleep_clock.hpp"

#include <algorithm>
#include <cstdint>
#include <ratio>

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

bool argument_holds(const SystemCall& call, std::size_t argument, std::string_view word) {
    return argument < call.arguments.size() && call.arguments[argument].find(word) != std::string::npos;
}

std::optional<nanoseconds> milliseconds_at(const SystemCall& call, std::size_t argument) {
    if (argument >= call.arguments.size()) {
        return std::nullopt;
    }
    const auto milliseconds = whole_number<int>(call.arguments[argument]);
    if (!milliseconds || *milliseconds < 0) {
        return std::nullopt;
    }
    return std::chrono::milliseconds(*milliseconds);
}

/// What the arguments say: a length, or a moment (see clock_of_moment). Absent: it waits for ever, or it is
/// no call that waits.
std::optional<nanoseconds> requested(const SystemCall& call) {
    if (call.name == "nanosleep") {
        return time_value_at(call, 0);
    }
    if (call.name == "clock_nanosleep" || call.name == "ppoll" || call.name == "rt_sigtimedwait") {
        return time_value_at(call, 2);
    }
    if (call.name == "select" || call.name == "pselect6") {
        return time_value_at(call, 4);
    }
    if (call.name == "poll") {
        return milliseconds_at(call, 2);
    }
    if (call.name == "epoll_wait" || call.name == "epoll_pwait") {
        return milliseconds_at(call, 3);
    }
    if (call.name == "epoll_pwait2" || (call.name == "futex" && argument_holds(call, 1, "FUTEX_WAIT"))) {
        return time_value_at(call, 3);
    }
    return std::nullopt;
}

/// The clock whose moment the request names; empty when it names a length.
std::string clock_of_moment(const SystemCall& call) {
    if (call.name == "clock_nanosleep" && argument_holds(call, 1, "TIMER_ABSTIME")) {
        return call.arguments[0];
    }
    if (call.name == "futex" && argument_holds(call, 1, "FUTEX_WAIT_BITSET")) {
        return argument_holds(call, 1, "FUTEX_CLOCK_REALTIME") ? "CLOCK_REALTIME" : "CLOCK_MONOTONIC";
    }
    return {};
}

/// A length that a person wrote is whole units; what is left until a moment hardly ever is. (Of a thousand
/// nanosecond counts one is whole microseconds, and a program that runs for long has a thousand.)
using Tenths = std::chrono::duration<std::int64_t, std::deci>;
template <class Unit>
bool is_whole(nanoseconds length) {
    return length % Unit(1) == nanoseconds::zero();
}

nanoseconds not_negative(nanoseconds length) {
    return std::max(length, nanoseconds::zero());
}

}  // namespace

bool is_sleep(const SystemCall& call) {
    if (call.name == "nanosleep" || call.name == "clock_nanosleep") {
        return true;
    }
    if (!requested(call)) {
        return false;
    }
    if (is_one_of(call.name,
                  {"select", "pselect6", "poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_pwait2"})) {
        return call.result == 0;
    }
    return call.error == "ETIMEDOUT" || (call.name == "rt_sigtimedwait" && call.error == "EAGAIN");
}

nanoseconds sleep_requested(const SystemCall& call) {
    return call.slept;
}

bool is_pause(nanoseconds slept, nanoseconds slack, nanoseconds pause) {
    constexpr std::chrono::milliseconds tolerance{10};
    return slept < pause + tolerance && slept + slack + tolerance > pause;
}

nanoseconds SleepClock::since_last_sleep(int thread, Time time) const {
    const auto found = awake_since_.find(thread);
    return not_negative(time - (found == awake_since_.end() ? beginning_.value_or(time) : found->second));
}

Slept SleepClock::until(const SystemCall& call, const std::string& clock, Time moment,
                        std::optional<Time> time) {
    const auto last = until_.find({call.pid, clock});
    const auto ahead = clocks_ahead_.find(clock);
    std::optional<Time> now;
    if (time && ahead != clocks_ahead_.end()) {
        now = *time + ahead->second;
    }

    Slept slept;
    Until present{moment, Time::zero(), call.injected};
    // A wait that we let return at once has not moved the clock. A program that adds to its last moment is
    // beyond that one, whatever the clock says; one that reads the clock anew is not. The first adds a length
    // that a person wrote, or the same one again; a clock that is read anew comes out so once in a million.
    if (last != until_.end()) {
        const Time step = moment - last->second.moment;
        const bool adds = step > Time::zero() && last->second.skipped &&
                          (is_whole<std::chrono::milliseconds>(step) || step == last->second.step);
        if (adds || !now) {
            present.step = not_negative(step);
            slept.least = present.step;
            now.reset();
        }
    }
    if (now) {
        slept = {not_negative(moment - *now), since_last_sleep(call.pid, *time)};
        present.step = slept.least;
    }
    until_[{call.pid, clock}] = present;
    return slept;
}

Slept SleepClock::of_length(const SystemCall& call, Time length, Time time) {
    // The time stamp is taken a little after the program read its clock, much after when the machine is busy.
    // A program that adds to its last moment asks for ever longer times, since no sleep moves the clock.
    const auto computed = last_computed_.find(call.pid);
    const bool goes_on = computed != last_computed_.end() && computed->second.skipped &&
                         length > computed->second.counted + computed->second.counted / 4;
    const bool written = is_whole<std::chrono::seconds>(length) || (!goes_on && is_whole<Tenths>(length));
    const Time slack = written ? Time::zero() : since_last_sleep(call.pid, time);
    Asked present{length, time - slack + length, time + length, length, call.injected};

    // A loop that waits for a clock asks again for what is left: the same end, a shorter length.
    const auto before = last_sleep_.find(call.pid);
    if (before != last_sleep_.end() && length < before->second.length) {
        const Time late = written ? std::chrono::milliseconds(5) : std::chrono::milliseconds(500);
        const Time end = before->second.latest_end;
        if (present.latest_end >= end - std::chrono::milliseconds(5) && present.latest_end <= end + late) {
            before->second.length = length;
            return {};
        }
    }

    Slept slept{length, slack};
    if (!written && goes_on) {
        const Asked& last = computed->second;
        slept.least = not_negative(present.earliest_end - last.latest_end);
        slept.slack = not_negative(present.latest_end - last.earliest_end - slept.least);
        present.counted = not_negative(present.latest_end - last.latest_end);
    }
    last_sleep_[call.pid] = present;
    if (!written) {
        last_computed_[call.pid] = present;
    }
    return slept;
}

Slept SleepClock::slept(const SystemCall& call, std::optional<nanoseconds> time) {
    beginning_ = beginning_ ? beginning_ : time;
    // An interrupted or refused sleep is none; a wait that timed out is said to have failed.
    const bool over = !call.failed() || call.name == "futex" || call.name == "rt_sigtimedwait";
    const auto asked = is_sleep(call) && over ? requested(call) : std::nullopt;
    Slept slept;
    if (!asked) {
        last_sleep_.erase(call.pid);
    } else if (const std::string clock = clock_of_moment(call); !clock.empty()) {
        last_sleep_.erase(call.pid);
        slept = until(call, clock, *asked, time);
    } else if (time) {
        slept = of_length(call, *asked, *time);
    } else {
        slept = {*asked, Time::zero()};
    }
    if (asked && time) {
        awake_since_[call.pid] = *time + (call.injected ? Time::zero() : slept.least);
    }
    return slept;
}

}  // namespace vmlab::evidence
