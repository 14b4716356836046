// vmlab-launch: starts one program inside the sandbox and tells the grader, over a socket that the program
// does not get, that it starts, and how it ended. Static and without the C++ library, so that it starts in
// any view of the file system. It cannot be traced or written to by the program (PR_SET_DUMPABLE 0). See
// process/launch_protocol.hpp.

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../process/sandbox/launch_protocol.hpp"
#include "landlock.hpp"
#include "launch_options.hpp"
#include "remains.hpp"

using vmlab::inside::die;
using vmlab::inside::LimitOption;
using vmlab::inside::Options;
using vmlab::process::LaunchMessage;

namespace {

/// False when the grader is gone.
bool tell(const Options& options, LaunchMessage::Kind kind, int value) {
    const LaunchMessage message{kind, value};
    return send(options.status, &message, sizeof message, MSG_NOSIGNAL) >= 0;
}

/// What the program and everything that it waited for has used.
void tell_use(const Options& options) {
    struct rusage use = {};
    if (getrusage(RUSAGE_CHILDREN, &use) != 0) {
        return;
    }
    const auto milliseconds = [](const timeval& time) { return time.tv_sec * 1000 + time.tv_usec / 1000; };
    tell(options, LaunchMessage::used_memory, static_cast<int>(use.ru_maxrss));
    tell(options, LaunchMessage::used_processor,
         static_cast<int>(milliseconds(use.ru_utime) + milliseconds(use.ru_stime)));
}

void become_user(const Options& options) {
    if (!options.has_user) {
        return;
    }
    const gid_t group = static_cast<gid_t>(options.user);
    if (setgroups(0, nullptr) != 0 || setresgid(group, group, group) != 0 ||
        setresuid(options.user, options.user, options.user) != 0) {
        die(options, "become an unprivileged user");
    }
}

void set_limits(const Options& options) {
    for (const LimitOption& limit : options.limits) {
        const struct rlimit both = {limit.value, limit.value};
        if (limit.set && setrlimit(limit.resource, &both) != 0) {
            struct rlimit present = {};
            getrlimit(limit.resource, &present);
            if (present.rlim_max > limit.value) {
                die(options, limit.name);
            }
        }
    }
}

void renounce_privileges(const Options& options) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        die(options, "prctl(PR_SET_NO_NEW_PRIVS)");
    }
}

/// Without a mount namespace of its own: what the program may see of the machine's files.
void narrow_view(const Options& options) {
    if (!options.has_view) {
        return;
    }
    renounce_privileges(options);
    if (!vmlab::inside::show_only(options.view)) {
        die(options, "landlock");
    }
}

/// The filter is an array of struct sock_filter in a memory file.
void install_filter(const Options& options) {
    renounce_privileges(options);
    // An instrument that traces the program has the same user: the filter cannot keep the two apart.
    if (!vmlab::inside::stay_out_of_other_processes()) {
        die(options, "landlock");
    }
    if (options.filter < 0) {
        return;
    }
    static sock_filter instructions[4096];
    const ssize_t bytes = pread(options.filter, instructions, sizeof instructions, 0);
    if (bytes <= 0) {
        die(options, "read the system call filter");
    }
    const sock_fprog program = {static_cast<unsigned short>(static_cast<size_t>(bytes) / sizeof(sock_filter)),
                                instructions};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
        die(options, "seccomp");
    }
}

/// Any process may raise its own. Where a privileged ancestor lowered it, and with it the floor, this one,
/// without privileges, goes back to 0 while the floor stays (proc(5), oom_score_adj).
void raise_oom_score_adj(const Options& options) {
    if (options.oom_score_adj == nullptr) {
        return;
    }
    prctl(PR_SET_DUMPABLE, 1, 0, 0,
          0);  // setresuid(2) cleared it, and with it the right to one's own /proc files
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, options.oom_score_adj, strlen(options.oom_score_adj)) < 0) {
        die(options, "/proc/self/oom_score_adj");
    }
    close(file);
}

void close_all_but_kept(const Options& options) {
    // What the grader itself may have open above every number of ours.
    (void)!syscall(SYS_close_range, 1024U, ~0U, 0U);
    for (unsigned int fd = 3; fd < 1024; ++fd) {
        bool kept = static_cast<int>(fd) == options.status && !options.announce;
        for (int i = 0; i < options.keep_count; ++i) {
            kept = kept || options.keep[i] == static_cast<int>(fd);
        }
        if (!kept) {
            close(static_cast<int>(fd));
        }
    }
}

/// What the program finds when it begins (process::Start).
void set_the_scene(const Options& options) {
    if (!options.huge_pages && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) {
        die(options, "prctl(PR_SET_THP_DISABLE)");
    }
    if (!options.random_addresses) {
        const int present = personality(0xffffffff);
        if (present < 0 || personality(static_cast<unsigned long>(present) | ADDR_NO_RANDOMIZE) < 0) {
            die(options, "personality(ADDR_NO_RANDOMIZE)");
        }
    }
    if (options.touched_first > 0) {
        // Given back by execve; what remains of it is the largest resident set.
        void* memory =
            mmap(nullptr, options.touched_first, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            die(options, "mmap");
        }
        memset(memory, 1, options.touched_first);
    }
}

[[noreturn]] void become_program(const Options& options) {
    umask(022);
    set_the_scene(options);
    if (options.stderr_from >= 0 && dup2(options.stderr_from, 2) < 0) {
        die(options, "dup2");
    }
    raise_oom_score_adj(options);
    set_limits(options);
    if (options.announce) {
        install_filter(options);
        if (!tell(options, LaunchMessage::starting, getpid())) {
            _exit(125);
        }
        // Kept open, and close-on-exec, only to report an execve that fails.
        fcntl(options.status, F_SETFD, FD_CLOEXEC);
    }
    const int status = options.status;
    Options rest = options;
    if (options.announce) {
        rest.keep[rest.keep_count++] = status;
    }
    close_all_but_kept(rest);
    const char* path = options.program[0];
    if (options.called != nullptr) {
        options.program[0] = options.called;
    }
    execv(path, options.program);
    die(options, path);
}

void kill_as_user(const Options& options) {
    const pid_t killer = fork();
    if (killer == 0) {
        become_user(options);
        kill(-1, SIGKILL);
        _exit(0);
    }
    // Without room for one process more (a fork bomb took it) the program's processes die one by one.
    while (killer > 0 && waitpid(killer, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void kill_children() {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    FILE* children = fopen(path, "re");
    int child = 0;
    while (children != nullptr && fscanf(children, "%d", &child) == 1) {
        kill(child, SIGKILL);
    }
    if (children != nullptr) {
        fclose(children);
    }
}

/// Outside a pid namespace: everything that the program left behind becomes our child as its parent dies
/// (PR_SET_CHILD_SUBREAPER), so one generation after the other is killed until there is no child.
void kill_descendants(const Options& options) {
    for (;;) {
        pid_t reaped = 0;
        do {
            reaped = waitpid(-1, nullptr, WNOHANG);
        } while (reaped > 0);
        if (reaped < 0 && errno == ECHILD) {
            return;
        }
        if (options.has_user) {
            kill_as_user(options);
        }
        kill_children();
        waitpid(-1, nullptr, 0);
    }
}

/// Outside a mount namespace: what the run left in folders that it shares with others. As its user, who can
/// remove nothing else.
void remove_remains_as_user(const Options& options) {
    const pid_t cleaner = fork();
    if (cleaner == 0) {
        become_user(options);
        vmlab::inside::remove_remains();
        _exit(0);
    }
    while (cleaner > 0 && waitpid(cleaner, nullptr, 0) < 0 && errno == EINTR) {
    }
}

sigset_t awaited_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/// Outside a pid namespace SIGTERM asks us to end what we started (see EndBy::asking). Signals are blocked
/// and taken one by one: a handler could run just before the next wait, which would then not be interrupted.
void prepare_to_kill_descendants() {
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const sigset_t signals = awaited_signals();
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
}

/// Waits for the program, reaping what it orphaned. False: it is to be ended, or is not our child any more.
bool wait_for_end(const Options& options, pid_t program, int& wait_status) {
    const sigset_t signals = awaited_signals();
    for (;;) {
        pid_t ended = 0;
        do {
            ended = waitpid(-1, &wait_status, options.kill_descendants ? WNOHANG : 0);
        } while (ended > 0 && ended != program);
        if (ended == program) {
            return true;
        }
        if (ended < 0 && errno != EINTR) {
            return false;
        }
        if (options.kill_descendants && sigwaitinfo(&signals, nullptr) == SIGTERM) {
            return false;
        }
    }
}

[[noreturn]] void start_program(const Options& options) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // A group of its own: kill(0, ...) is a mistake of the program's, and reaches nobody else.
    setpgid(0, 0);
    become_user(options);
    narrow_view(options);
    become_program(options);
}

[[noreturn]] void run(const Options& options) {
    if (options.kill_descendants) {
        prepare_to_kill_descendants();
    }
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const pid_t program = fork();
    if (program < 0) {
        die(options, "fork");
    }
    if (program == 0) {
        start_program(options);
    }
    for (int fd = 0; fd < 1024; ++fd) {
        if (fd != options.status && fd != 2) {
            close(fd);
        }
    }
    int wait_status = 0;
    if (wait_for_end(options, program, wait_status)) {
        tell_use(options);
        // Whether or not the grader still hears it.
        (void)tell(options, LaunchMessage::ended, wait_status);
    }
    if (options.kill_descendants) {
        kill_descendants(options);
        if (options.has_user) {
            remove_remains_as_user(options);
        }
    }
    _exit(0);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        dprintf(2, "usage: vmlab-launch run|exec [options] -- PROGRAM ARGUMENTS\n");
        return 125;
    }
    const Options options = vmlab::inside::parse(arguments + 2);
    if (strcmp(arguments[1], "exec") == 0) {
        become_program(options);
    }
    run(options);
}
