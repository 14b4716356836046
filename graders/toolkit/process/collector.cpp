#include "process/collector.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "process/advice.hpp"
#include "process/other_process.hpp"
#include "process/sandbox/status_socket.hpp"
#include "process/starvation.hpp"

namespace vmlab::process {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// After its end everything of a run must be gone within this time; it never depends on what the program
/// does.
constexpr auto patience_after_end = 120s;

/// How often a run's share of the processors is looked at.
constexpr std::chrono::milliseconds look_interval = 1s;

/// How often the disk is looked at, where a run can fill it: at 1 GB/s this is what it can go beyond its
/// limit.
constexpr std::chrono::milliseconds disk_interval = 200ms;

/// How often a program in a dialogue is looked at: does it wait?
constexpr std::chrono::milliseconds dialogue_interval = 2ms;

/// However busy the machine is: a run ends after this many times its limit.
constexpr int most_extensions = 20;

/// The same, for a child that nobody reads any more.
constexpr auto patience_of_last_resort = 5s;

class Collection {
  public:
    Collection(pid_t child, Streams streams, const Job& job, EndBy end_by, std::function<bool()> is_too_large)
        : child_(child),
          streams_(std::move(streams)),
          job_(job),
          end_by_(end_by),
          is_too_large_(std::move(is_too_large)),
          child_fd_(open_pidfd(child)) {}

    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;
    /// A callback that throws, or too few descriptors: nothing is left running even so.
    ~Collection();

    Result<Run> collect();

  private:
    struct Source {
        Descriptor* descriptor;
        std::function<void()> ready;
    };

    std::vector<Source> open_sources();
    bool wait_for(std::vector<Source>& sources);
    void read_status();
    void read_out();
    void read_stream(Descriptor& descriptor, const std::function<void(std::string_view)>& take);
    void take_output(std::string& into, std::string_view piece);
    void on_child_ended();
    void end(Ending ending);
    void end_everything();
    void look_at_processors();
    void look_at_disk();
    void look_for_pause();
    [[nodiscard]] std::chrono::milliseconds look_interval_now() const;
    [[nodiscard]] std::chrono::milliseconds time_left() const;
    std::chrono::milliseconds wall_left(std::chrono::milliseconds limit) const;

    pid_t child_;
    Streams streams_;
    const Job& job_;
    EndBy end_by_;
    std::function<bool()> is_too_large_;
    Descriptor child_fd_;
    Descriptor namespace_fd_;
    Descriptor stop_fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    int watch_error_ = errno;  ///< of whichever of these could not be opened
    Run run_;
    std::uint64_t output_ = 0;
    std::size_t printed_before_pause_ = 0;  ///< of run_.out
    std::uint64_t channel_bytes_ = 0;
    bool started_ = false;
    bool has_printed_ = false;
    bool program_ended_ = false;
    bool child_gone_ = false;
    bool over_ = false;
    bool dying_ = false;  ///< we wanted to end it, but it was ending by itself
    std::optional<int> not_started_;
    Clock::time_point began_ = Clock::now();
    Starvation starvation_{child_};
    std::chrono::nanoseconds starved_{0};
    Clock::time_point next_look_ = began_ + look_interval;
    Clock::time_point next_look_at_disk_ = began_ + disk_interval;
    Clock::time_point over_since_;
};

void Collection::take_output(std::string& into, std::string_view piece) {
    const std::uint64_t room =
        job_.limits.output_bytes == 0 ? piece.size() : job_.limits.output_bytes - output_;
    into.append(piece.substr(0, room));
    output_ += std::min<std::uint64_t>(piece.size(), room);
    if (piece.size() > room) {
        end(Ending::output_limit);
    }
}

void Collection::read_stream(Descriptor& descriptor, const std::function<void(std::string_view)>& take) {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::recv(descriptor.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    const ssize_t bytes =
        count < 0 && errno == ENOTSOCK ? ::read(descriptor.get(), buffer.data(), buffer.size()) : count;
    if (bytes < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (bytes <= 0) {
        descriptor.reset();
        return;
    }
    take(std::string_view(buffer.data(), static_cast<std::size_t>(bytes)));
}

void Collection::read_out() {
    read_stream(streams_.out, [this](std::string_view piece) {
        has_printed_ = true;
        take_output(run_.out, piece);
        if (job_.on_output) {
            job_.on_output(piece);
        }
    });
}

void Collection::read_status() {
    const auto received = receive_status(streams_.status);
    if (!received) {
        return;
    }
    const LaunchMessage& message = received->message;
    if (message.kind == LaunchMessage::starting && !started_) {
        started_ = true;
        run_.inner_pid = message.value;
        run_.pid = received->sender;
        if (end_by_ == EndBy::killing_namespace) {
            namespace_fd_ = open_pidfd(first_child(child_));
        }
        if (job_.on_started) {
            job_.on_started(run_.pid);
        }
    } else if (message.kind == LaunchMessage::ended && !program_ended_) {
        program_ended_ = true;
        run_.ended = Clock::now();
        run_.status = ExitStatus::from_wait(message.value);
        over_since_ = run_.ended;
    } else if (message.kind == LaunchMessage::used_memory && !program_ended_) {
        run_.most_resident_bytes = static_cast<std::uint64_t>(message.value) << 10U;
    } else if (message.kind == LaunchMessage::used_processor && !program_ended_) {
        run_.processor_time = std::chrono::milliseconds(message.value);
    } else if (message.kind == LaunchMessage::not_started) {
        not_started_ = message.value;
    }
}

void Collection::end_everything() {
    if (child_gone_) {
        return;
    }
    if (!namespace_fd_ && end_by_ == EndBy::killing_namespace) {
        // bubblewrap that is killed while it sets up leaves the process behind that was to become the first
        // one inside.
        if (const pid_t inner = first_child(child_); inner > 0) {
            namespace_fd_ = open_pidfd(inner);
        }
    }
    if (namespace_fd_) {
        ::syscall(SYS_pidfd_send_signal, namespace_fd_.get(), SIGKILL, nullptr, 0);
    }
    ::kill(child_, end_by_ == EndBy::asking ? SIGTERM : SIGKILL);
}

void Collection::end(Ending ending) {
    if (program_ended_ && ending == Ending::output_limit) {
        run_.ending = ending;  // what it had printed before its end
    }
    if (over_ || program_ended_) {
        return;
    }
    if (ending != Ending::output_limit && !dying_ && started_ && is_dying(run_.pid)) {
        // Its own end came first; on a busy machine the launcher is late to tell of it.
        dying_ = true;
        over_since_ = Clock::now();
        return;
    }
    over_ = true;
    over_since_ = Clock::now();
    run_.ending = ending;
    run_.ended = over_since_;
    end_everything();
}

Collection::~Collection() {
    if (child_gone_) {
        return;
    }
    end_everything();
    const auto deadline = Clock::now() + patience_of_last_resort;
    while (::waitpid(child_, nullptr, WNOHANG) == 0) {
        if (Clock::now() >= deadline) {
            ::kill(child_, SIGKILL);
        }
        std::this_thread::sleep_for(1ms);
    }
}

void Collection::on_child_ended() {
    int wait_status = 0;
    while (::waitpid(child_, &wait_status, 0) < 0 && errno == EINTR) {
    }
    child_gone_ = true;
    child_fd_.reset();
    if (!program_ended_) {
        run_.status = ExitStatus::from_wait(wait_status);
        over_since_ = Clock::now();
    }
}

std::chrono::milliseconds Collection::time_left() const {
    const auto now = Clock::now();
    if (over_ || program_ended_ || child_gone_ || dying_) {
        const auto since = over_since_ == Clock::time_point() ? now : over_since_;
        return std::chrono::duration_cast<std::chrono::milliseconds>(since + patience_after_end - now);
    }
    auto left = wall_left(job_.limits.wall);
    if (!has_printed_ && job_.limits.first_output > 0ms) {
        left = std::min(left, wall_left(job_.limits.first_output));
    }
    return left;
}

/// Of a limit; what the rest of the machine took does not count.
std::chrono::milliseconds Collection::wall_left(std::chrono::milliseconds limit) const {
    if (limit == 0ms) {
        return 1h;
    }
    const auto starved =
        job_.starved_together ? std::chrono::nanoseconds(job_.starved_together->load()) : starved_;
    const auto extended = limit + std::min<std::chrono::nanoseconds>(starved, limit * most_extensions);
    return std::chrono::duration_cast<std::chrono::milliseconds>(began_ + extended - Clock::now());
}

std::vector<Collection::Source> Collection::open_sources() {
    std::vector<Source> sources;
    const auto add = [&](Descriptor& descriptor, std::function<void()> ready) {
        if (descriptor) {
            sources.push_back({&descriptor, std::move(ready)});
        }
    };
    add(streams_.status, [this] { read_status(); });
    add(streams_.out, [this] { read_out(); });
    add(streams_.err, [this] {
        read_stream(streams_.err, [this](std::string_view piece) { take_output(run_.err, piece); });
    });
    for (auto& [number, descriptor] : streams_.channels) {
        add(descriptor, [this, &into = run_.channels[number], &from = descriptor] {
            read_stream(from, [this, &into](std::string_view piece) {
                channel_bytes_ += piece.size();
                into.append(piece);
                if (job_.limits.channel_bytes != 0 && channel_bytes_ > job_.limits.channel_bytes) {
                    end(Ending::output_limit);
                }
            });
        });
    }
    add(child_fd_, [this] { on_child_ended(); });
    add(namespace_fd_, [this] { namespace_fd_.reset(); });
    if (!over_ && !program_ended_ && !dying_) {
        add(stop_fd_, [this] { end(Ending::stopped); });
    }
    return sources;
}

/// Waits for one round of events. False when nothing is left to wait for.
bool Collection::wait_for(std::vector<Source>& sources) {
    std::vector<pollfd> polled;
    bool anything = false;
    for (const Source& source : sources) {
        polled.push_back({source.descriptor->get(), POLLIN, 0});
        anything = anything || source.descriptor != &stop_fd_;
    }
    if (!anything) {
        return false;
    }
    const auto left = std::clamp<std::chrono::milliseconds>(time_left(), 0ms, look_interval_now());
    if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) {
        return false;
    }
    for (std::size_t i = 0; i < polled.size(); ++i) {
        if (polled[i].revents != 0 && *sources[i].descriptor) {
            sources[i].ready();
        }
    }
    return true;
}

void Collection::look_at_processors() {
    if (const auto now = Clock::now(); !over_ && (now >= next_look_ || time_left() <= 0ms)) {
        const auto before = std::exchange(starved_, starvation_.update());
        if (job_.starved_together) {
            job_.starved_together->fetch_add((starved_ - before).count());
        }
        next_look_ = now + look_interval;
    }
}

void Collection::look_at_disk() {
    if (const auto now = Clock::now();
        is_too_large_ && !over_ && !program_ended_ && now >= next_look_at_disk_) {
        if (is_too_large_()) {
            end(Ending::output_limit);
        }
        next_look_at_disk_ = Clock::now() + disk_interval;
    }
}

std::chrono::milliseconds Collection::look_interval_now() const {
    if (streams_.dialogue && streams_.dialogue->is_open() && started_ && !program_ended_) {
        return dialogue_interval;
    }
    return is_too_large_ ? disk_interval : look_interval;
}

void Collection::look_for_pause() {
    if (!streams_.dialogue || !started_ || program_ended_ || over_) {
        return;
    }
    streams_.dialogue->go_on();
    const auto reader = streams_.dialogue->waiting_reader(run_.pid);
    if (!reader) {
        return;
    }
    // What it printed before it waited is in the pipe by now.
    pollfd out{streams_.out.get(), POLLIN, 0};
    while (streams_.out && ::poll(&out, 1, 0) > 0 && !over_) {
        read_out();
        out.fd = streams_.out.get();
    }
    const std::string printed = run_.out.substr(printed_before_pause_);
    printed_before_pause_ = run_.out.size();
    if (auto answer = job_.on_pause({*reader, printed})) {
        streams_.dialogue->say(std::move(*answer));
    } else {
        streams_.dialogue->close();
    }
}

Result<Run> Collection::collect() {
    if (!child_fd_ || !stop_fd_) {
        const std::string reason = std::strerror(watch_error_);
        return machine_lacks(fmt::format("{} cannot be watched: {}", job_.argv.front(), reason),
                             advice_on(reason));
    }
    const std::stop_callback on_stop(job_.stop, [this] {
        const std::uint64_t one = 1;
        (void)!::write(stop_fd_.get(), &one, sizeof one);
    });
    const bool has_launcher = static_cast<bool>(streams_.status);
    bool ended_by_force = false;
    for (;;) {
        std::vector<Source> sources = open_sources();
        if (!wait_for(sources)) {
            break;
        }
        if (program_ended_ && !ended_by_force && end_by_ == EndBy::killing_namespace) {
            // Whatever the program left running is not waited for.
            ended_by_force = true;
            end_everything();
        }
        look_at_processors();
        look_at_disk();
        look_for_pause();
        if (time_left() > 0ms) {
            continue;
        }
        if (!over_ && !program_ended_ && !child_gone_) {
            end(Ending::timed_out);
        } else if (!child_gone_) {
            ::kill(child_, SIGKILL);
            over_since_ = Clock::now();
        } else {
            break;
        }
    }
    if (!child_gone_) {
        ::kill(child_, SIGKILL);
        on_child_ended();
    }
    run_.elapsed = Clock::now() - began_;
    if (not_started_) {
        const std::string reason = fmt::format("{} ({})", std::strerror(*not_started_), run_.err);
        return failed(fmt::format("the sandbox could not start {}: {}", job_.argv.front(), reason),
                      advice_on(reason));
    }
    if (!has_launcher || over_ || program_ended_) {
        return std::move(run_);
    }
    if (!started_) {
        const std::string reason = run_.err.empty() ? run_.status.describe() : run_.err;
        return failed(fmt::format("the sandbox did not start: {}", reason), advice_on(reason));
    }
    run_.ending = Ending::lost;
    run_.ended = Clock::now();
    return std::move(run_);
}

}  // namespace

Result<Run> collect(pid_t child, Streams streams, const Job& job, EndBy end_by,
                    std::function<bool()> is_too_large) {
    return Collection(child, std::move(streams), job, end_by, std::move(is_too_large)).collect();
}

}  // namespace vmlab::process
