#include "process/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace vmlab::process {

namespace {

/// Everything below runs between fork and exec of a program with threads: async-signal-safe calls only.

[[noreturn]] void die(const char* what) {
    const int number = errno;
    const char* reason = ::strerrordesc_np(number);
    for (const char* text : {what, ": ", reason != nullptr ? reason : "?", "\n"}) {
        (void)!::write(2, text, std::strlen(text));
    }
    ::_exit(126);
}

void write_to(const char* path, const char* text) {
    const int file = ::open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || ::write(file, text, std::strlen(text)) < 0) {
        die(path);
    }
    ::close(file);
}

struct Move {
    int from;
    int to;
};

/// What a child may open; all numbers that it is given lie below it.
constexpr rlim_t most_descriptors = 1024;

/// Source and target numbers may overlap: first lift every source above all targets.
void place_descriptors(Move* first, Move* last, int above_targets) {
    for (Move* move = first; move != last; ++move) {
        move->from = ::fcntl(move->from, F_DUPFD_CLOEXEC, above_targets);
        if (move->from < 0) {
            die("fcntl(F_DUPFD_CLOEXEC)");
        }
    }
    for (Move* move = first; move != last; ++move) {
        if (::dup2(move->from, move->to) < 0) {
            die("dup2");
        }
    }
}

void become(char* const* argv, char* const* environment, Move* first, Move* last, const ChildPlan& plan,
            const char* adjustment, pid_t parent) {
    struct rlimit files = {};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
        die("getrlimit");
    }
    const bool has_room_above = files.rlim_max >= 2 * most_descriptors;
    files.rlim_cur = has_room_above ? files.rlim_max : std::min(files.rlim_max, most_descriptors);
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) {
        die("setrlimit");
    }
    int highest = 0;
    for (const Move* move = first; move != last; ++move) {
        highest = std::max(highest, move->to);
    }
    place_descriptors(first, last, has_room_above ? static_cast<int>(most_descriptors) : highest + 1);
    files.rlim_cur = std::min(files.rlim_max, most_descriptors);
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) {
        die("setrlimit");
    }

    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGCHLD, SIGHUP, SIGQUIT}) {
        ::signal(number, SIG_DFL);
    }
    if (plan.ends_with_us) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
        if (::getppid() != parent) {
            ::_exit(126);  // it ended before it could be told to the kernel
        }
    } else {
        // A sandbox: Ctrl-C at the terminal is for us to act on, and must not reach bubblewrap before.
        ::setpgid(0, 0);
    }
    for (const std::filesystem::path& group : plan.cgroups) {
        write_to(group.c_str(), "0");
    }
    if (adjustment != nullptr) {
        write_to("/proc/self/oom_score_adj", adjustment);
    }
    if (!plan.folder.empty() && ::chdir(plan.folder.c_str()) != 0) {
        die("chdir");
    }
    ::execve(argv[0], argv, environment);
    die(argv[0]);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (const std::string& text : texts) {
        result.push_back(const_cast<char*>(text.c_str()));
    }
    result.push_back(nullptr);
    return result;
}

}  // namespace

Result<pid_t> start_child(const ChildPlan& plan) {
    const std::vector<char*> argv = pointers(plan.argv);
    std::vector<char*> environment;
    if (plan.environment) {
        environment = pointers(*plan.environment);
    }
    std::vector<Move> moves;
    for (const auto& [to, from] : plan.descriptors) {
        moves.push_back({from, to});
    }
    const std::string adjustment = plan.oom_score_adj ? std::to_string(*plan.oom_score_adj) : std::string();

    const pid_t us = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return failed_call("fork");
    }
    if (child == 0) {
        become(argv.data(), plan.environment ? environment.data() : environ, moves.data(),
               moves.data() + moves.size(), plan, plan.oom_score_adj ? adjustment.c_str() : nullptr, us);
    }
    return child;
}

}  // namespace vmlab::process
