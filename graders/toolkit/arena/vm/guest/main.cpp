// vmlab-guest-init: the first and only program of ours in the VM arena's guest. It makes the machine ready,
// waits for the disk that holds an order (this is where the snapshot is taken), carries the order out, tells
// the host over a virtio-serial port what happens, and powers the machine off. What it does never waits for a
// program, for memory or for the host; and whatever a program does to this machine, the host believes none of
// it but its form.

#include <algorithm>
#include <csignal>
#include <string>

#include "arena/vm/guest/contest.hpp"
#include "arena/vm/guest/input.hpp"
#include "arena/vm/guest/kernel_files.hpp"
#include "arena/vm/guest/log_daemon.hpp"
#include "arena/vm/guest/machine.hpp"
#include "arena/vm/guest/port.hpp"
#include "arena/vm/guest/swap.hpp"

namespace vmlab::guest {
namespace {

// The host ends the machine when it has heard the last words. What is still on its way to it then, in the
// port's ring, would be lost with the power.
constexpr long last_words_ms = 5000;
constexpr std::uint64_t files_of_programs = 8U << 20U;

process::Result<void> carry_out(Port& port) {
    const auto order = take_input();
    if (!order) {
        return tl::unexpected(order.error());
    }
    if (order->unix_ms > 0) {
        set_clock(order->unix_ms);
    }
    if (order->swap_bytes > 0) {
        if (auto added = add_swap(order->swap_bytes); !added) {
            return added;
        }
    }
    const bool trusted = std::any_of(order->programs.begin(), order->programs.end(),
                                     [](const arena::wire::Program& program) { return program.as_root; });
    if (!trusted) {
        (void)write_to("/proc/sys/user/max_user_namespaces", "0");
    }
    limit_files(files_of_programs);

    Contest contest(*order, port);
    if (auto done = contest.run(); !done) {
        return done;
    }
    port.send(contest.facts());
    return {};
}

process::Result<void> live() {
    if (auto mounted = mount_file_systems(); !mounted) {
        return mounted;
    }
    if (auto loaded = load_modules("/modules"); !loaded) {
        return loaded;
    }
    become_unkillable();
    start_log_daemon();
    auto port = Port::open();
    if (!port) {
        return tl::unexpected(port.error());
    }
    say("VMLAB-READY");
    auto done = wait_for_input();
    if (done) {
        done = carry_out(*port);
    }
    if (!done) {
        port->send(
            arena::wire::Trouble{.what = done.error().what,
                                 .machine_lacks = done.error().kind == process::ErrorKind::machine_lacks});
    }
    port->finish();
    sleep_ms(last_words_ms);
    return done;
}

}  // namespace
}  // namespace vmlab::guest

int main() {
    ::signal(SIGPIPE, SIG_IGN);
    if (const auto lived = vmlab::guest::live(); !lived) {
        vmlab::guest::say("vmlab-guest-init: " + lived.error().what);
    }
    vmlab::guest::power_off();
}
