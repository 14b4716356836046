#include "vmlab/process/cleanup_on_signal.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

namespace vmlab::process {

namespace {

constexpr std::array<int, 3> ending_signals{SIGTERM, SIGINT, SIGHUP};

std::atomic<int> told_descriptor{-1};

// A handler may do next to nothing; a thread does the work.
void tell(int signal) {
    const int saved = errno;
    const auto number = static_cast<unsigned char>(signal);
    [[maybe_unused]] const ssize_t written = write(told_descriptor.load(), &number, 1);
    errno = saved;
}

void set_handlers(void (*handler)(int)) {
    for (const int signal : ending_signals) {
        struct sigaction before {};
        sigaction(signal, nullptr, &before);
        if (before.sa_handler == SIG_IGN) {
            continue;
        }
        struct sigaction action {};
        action.sa_handler = handler;
        action.sa_flags = SA_RESTART;
        sigaction(signal, &action, nullptr);
    }
}

void clean_up_when_told(const Descriptor& pipe, const std::function<void()>& clean_up) {
    unsigned char signal = 0;
    ssize_t got = 0;
    do {
        got = read(pipe.get(), &signal, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1 || signal == 0) {
        return;
    }
    // What is left even so is stale, and removed by the next grader.
    clean_up();
    clean_up();
    set_handlers(SIG_DFL);
    kill(getpid(), signal);
}

}  // namespace

SignalsHeld::SignalsHeld() {
    pthread_sigmask(SIG_SETMASK, nullptr, &before_);
    hold();
}

void SignalsHeld::hold() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : ending_signals) {
        sigaddset(&held, signal);
    }
    pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

void SignalsHeld::let_through() {
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Result<CleanupOnSignal> CleanupOnSignal::install(std::function<void()> clean_up, SignalsHeld* signals) {
    auto pipe = make_pipe();
    if (!pipe) {
        return tl::unexpected(pipe.error());
    }
    return CleanupOnSignal(std::move(*pipe), std::move(clean_up), signals);
}

CleanupOnSignal::CleanupOnSignal(DescriptorPair pipe, std::function<void()> clean_up, SignalsHeld* signals)
    : signals_(signals),
      told_(std::move(pipe.theirs)),
      waiting_([ours = std::move(pipe.ours), clean_up = std::move(clean_up)] {
          clean_up_when_told(ours, clean_up);
      }) {
    told_descriptor = told_.get();
    set_handlers(tell);
    if (signals_ != nullptr) {
        signals_->let_through();
    }
}

CleanupOnSignal::~CleanupOnSignal() {
    if (!waiting_.joinable()) {
        return;
    }
    if (signals_ != nullptr) {
        signals_->hold();
    }
    set_handlers(SIG_DFL);
    told_descriptor = -1;
    told_.reset();  // the thread reads the end of the pipe
    waiting_.join();
}

}  // namespace vmlab::process
