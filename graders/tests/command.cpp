#include "command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace vmlab::cli_tests {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

[[noreturn]] void become(const Command& command, char* const* argv, char* const* environment) {
    ::umask(command.mask);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT}) {
        ::signal(number, SIG_DFL);
    }
    if (command.output == Output::closed) {
        ::close(STDOUT_FILENO);
    }
    if (command.output == Output::full_device) {
        ::dup2(::open("/dev/full", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
    }
    if (command.prepare && !command.prepare()) {
        ::_exit(cannot_prepare);
    }
    if (::chdir(command.folder.c_str()) == 0) {
        ::execve(argv[0], argv, environment);
    }
    ::_exit(127);
}

/// Appends what is there; closes at the end of the stream (a terminal's end is EIO).
void take(process::Descriptor& from, std::string& into) {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got > 0) {
        into.append(buffer.data(), static_cast<std::size_t>(got));
    } else {
        from.reset();
    }
}

}  // namespace

Running::Running(const Command& command) {
    std::vector<std::string> argv_texts = command.argv;
    std::vector<std::string> environment_texts;
    for (const auto& [name, value] : command.environment) {
        environment_texts.push_back(name + "=" + value);
    }
    const std::vector<char*> argv = pointers(argv_texts);
    const std::vector<char*> environment = pointers(environment_texts);
    if (command.output == Output::terminal) {
        int master = -1;
        winsize size{};
        size.ws_row = 24;
        size.ws_col = 100;
        pid_ = ::forkpty(&master, nullptr, nullptr, &size);
        if (pid_ == 0) {
            become(command, argv.data(), environment.data());
        }
        out_ = process::Descriptor(master);
    } else {
        auto out = process::make_pipe();
        auto err = process::make_pipe();
        if (!out || !err) {
            throw std::runtime_error("no pipe");
        }
        if (command.output == Output::gone_reader) {
            out->ours.reset();
        }
        pid_ = ::fork();
        if (pid_ == 0) {
            ::setpgid(0, 0);
            ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
            ::dup2(out->theirs.get(), STDOUT_FILENO);
            ::dup2(err->theirs.get(), STDERR_FILENO);
            become(command, argv.data(), environment.data());
        }
        out_ = std::move(out->ours);
        err_ = std::move(err->ours);
    }
    if (pid_ < 0) {
        throw std::runtime_error("fork failed");
    }
}

Running::~Running() {
    if (!waited_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

bool Running::read_some(std::chrono::milliseconds patience) {
    std::array<pollfd, 2> ready{pollfd{out_ ? out_.get() : -1, POLLIN, 0},
                                pollfd{err_ ? err_.get() : -1, POLLIN, 0}};
    if (!out_ && !err_) {
        return false;
    }
    if (::poll(ready.data(), ready.size(), static_cast<int>(patience.count())) > 0) {
        if (ready[0].revents != 0) {
            take(out_, ended_.out);
        }
        if (ready[1].revents != 0) {
            take(err_, ended_.err);
        }
    }
    return true;
}

bool Running::wait_for(const std::string& text, std::chrono::seconds patience) {
    const auto there = [&] {
        return ended_.out.find(text) != std::string::npos || ended_.err.find(text) != std::string::npos;
    };
    for (const auto deadline = Clock::now() + patience; !there() && Clock::now() < deadline;) {
        if (!read_some(50ms)) {
            break;
        }
    }
    return there();
}

void Running::let_run(std::chrono::milliseconds time) {
    for (const auto deadline = Clock::now() + time; Clock::now() < deadline && read_some(5ms);) {
    }
}

void Running::send(int signal) const {
    ::kill(pid_, signal);
}

void Running::type(const std::string& keys) const {
    (void)!::write(out_.get(), keys.data(), keys.size());
}

std::optional<Ended> Running::wait(std::chrono::seconds patience) {
    const auto deadline = Clock::now() + patience;
    int status = 0;
    while (Clock::now() < deadline) {
        // A child that it left behind may hold the streams open for ever: its own end is what counts.
        const bool over = ::waitpid(pid_, &status, WNOHANG) == pid_;
        if (!read_some(20ms) && !over) {
            std::this_thread::sleep_for(5ms);
        }
        if (over) {
            waited_ = true;
            ended_.status = process::ExitStatus::from_wait(status);
            let_run(200ms);
            return ended_;
        }
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    waited_ = true;
    return std::nullopt;
}

void adopt_orphans() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

bool all_gone(std::chrono::seconds patience) {
    for (const auto deadline = Clock::now() + patience; Clock::now() < deadline;) {
        pid_t reaped = 0;
        do {
            reaped = ::waitpid(-1, nullptr, WNOHANG);
        } while (reaped > 0);
        if (reaped < 0) {
            return true;  // ECHILD: none is left
        }
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

}  // namespace vmlab::cli_tests
