#pragma once

#include <signal.h>

#include <functional>
#include <thread>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// Holds SIGTERM, SIGINT and SIGHUP back while it lives: they wait until it is gone, or until let_through().
/// Make one before what CleanupOnSignal is to remove, so that no signal comes between the two. On
/// the thread that makes it, before there are others.
class SignalsHeld {
  public:
    SignalsHeld();
    ~SignalsHeld() { let_through(); }
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;

    void hold();
    void let_through();

  private:
    sigset_t before_{};
};

/// While it lives, SIGTERM, SIGINT and SIGHUP call `clean_up` before they end this process as they always do.
/// (What the process runs dies with it: every run asks the kernel for that.) A signal that was ignored stays
/// ignored. One at a time. `signals`, where given, outlives it: they are let through while it lives, and held
/// again after it.
class CleanupOnSignal {
  public:
    /// `clean_up` runs on a thread of its own, beside all others, and twice: a run that is still going may
    /// have made something meanwhile. It must not throw. Error: no descriptor is left.
    [[nodiscard]] static Result<CleanupOnSignal> install(std::function<void()> clean_up,
                                                         SignalsHeld* signals = nullptr);
    CleanupOnSignal(CleanupOnSignal&&) noexcept = default;
    CleanupOnSignal& operator=(CleanupOnSignal&&) = delete;
    CleanupOnSignal(const CleanupOnSignal&) = delete;
    CleanupOnSignal& operator=(const CleanupOnSignal&) = delete;
    ~CleanupOnSignal();

  private:
    CleanupOnSignal(DescriptorPair pipe, std::function<void()> clean_up, SignalsHeld* signals);
    SignalsHeld* signals_;  ///< let through from here on, and held again at the end
    Descriptor told_;       ///< the handler writes the signal's number here
    std::thread waiting_;
};

}  // namespace vmlab::process
