#include "process/dialogue.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "vmlab/process/files.hpp"

namespace vmlab::process {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Two looks this far apart show that a process sleeps and does not just come by.
constexpr auto between_looks = 20ms;

/// What a process is blocked in.
enum class Blocked { in_nothing, in_a_read_of_this_pipe, in_something_else, unknown };

std::vector<pid_t> numbers_in(const std::string& text) {
    std::istringstream words(text);
    std::vector<pid_t> numbers;
    for (pid_t number = 0; words >> number;) {
        numbers.push_back(number);
    }
    return numbers;
}

std::vector<pid_t> threads_of(pid_t pid) {
    std::error_code error;
    std::vector<pid_t> threads;
    for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
        const std::vector<pid_t> number = numbers_in(entry.path().filename().string());
        threads.insert(threads.end(), number.begin(), number.end());
    }
    return threads;
}

/// Of /proc/PID/task/TID/syscall (proc(5)): the number of the call, its arguments in hexadecimal.
Blocked blocked_in(pid_t pid, pid_t thread, const std::string& pipe) {
    const auto text = read_kernel_file(fmt::format("/proc/{}/task/{}/syscall", pid, thread));
    if (!text) {
        // Gone meanwhile, or not to be read by us.
        return ::access(fmt::format("/proc/{}/task/{}", pid, thread).c_str(), F_OK) == 0
                   ? Blocked::unknown
                   : Blocked::in_nothing;
    }
    long number = 0;
    unsigned int descriptor = 0;
    if (std::sscanf(text->c_str(), "%ld %x", &number, &descriptor) != 2) {
        return Blocked::in_nothing;  // "running"
    }
    if (number == SYS_poll || number == SYS_ppoll || number == SYS_select || number == SYS_pselect6 ||
        number == SYS_epoll_wait || number == SYS_epoll_pwait) {
        return Blocked::unknown;
    }
    if (number != SYS_read && number != SYS_readv) {
        return Blocked::in_something_else;
    }
    std::error_code error;
    const fs::path file = fs::read_symlink(fmt::format("/proc/{}/fd/{}", pid, descriptor), error);
    const bool is_ours = error ? descriptor == 0 : file == pipe;
    return is_ours ? Blocked::in_a_read_of_this_pipe : Blocked::in_something_else;
}

}  // namespace

Result<Dialogue> Dialogue::open(Descriptor& theirs) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return failed_call("pipe2");
    }
    Dialogue dialogue;
    theirs = Descriptor(ends[0]);
    dialogue.write_end_ = Descriptor(ends[1]);
    dialogue.read_end_ = Descriptor(::fcntl(ends[0], F_DUPFD_CLOEXEC, 0));
    struct stat facts {};
    if (!dialogue.read_end_ || ::fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0 || ::fstat(ends[0], &facts) != 0) {
        return failed_call("make a pipe for standard input");
    }
    dialogue.name_ = fmt::format("pipe:[{}]", facts.st_ino);
    return dialogue;
}

bool Dialogue::has_slept_through(pid_t pid) {
    const auto status = read_kernel_file(fmt::format("/proc/{}/status", pid));
    const std::size_t counts = status ? status->find("voluntary_ctxt_switches") : std::string::npos;
    if (counts == std::string::npos || status->find("State:\tS") == std::string::npos) {
        sleep_ = {};
        return false;
    }
    const auto now = std::chrono::steady_clock::now();
    if (std::string switches = status->substr(counts); sleep_.pid != pid || sleep_.switches != switches) {
        sleep_ = {pid, std::move(switches), now};
        return false;
    }
    return now - sleep_.since >= between_looks;
}

std::optional<pid_t> Dialogue::waiting_reader(pid_t program) {
    int unread = 0;
    if (!write_end_ || !unsaid_.empty() || ::ioctl(read_end_.get(), FIONREAD, &unread) != 0 || unread > 0) {
        return std::nullopt;
    }
    bool unknown = false;
    std::vector<pid_t> processes{program};
    for (std::size_t i = 0; i < processes.size(); ++i) {
        for (const pid_t thread : threads_of(processes[i])) {
            switch (blocked_in(processes[i], thread, name_)) {
                case Blocked::in_a_read_of_this_pipe:
                    return processes[i];
                case Blocked::unknown:
                    unknown = true;
                    break;
                case Blocked::in_nothing:
                case Blocked::in_something_else:
                    break;
            }
            const auto children =
                read_kernel_file(fmt::format("/proc/{}/task/{}/children", processes[i], thread));
            for (const pid_t child : children ? numbers_in(*children) : std::vector<pid_t>()) {
                processes.push_back(child);
            }
        }
    }
    return unknown && has_slept_through(program) ? std::optional(program) : std::nullopt;
}

void Dialogue::say(std::string_view text) {
    unsaid_ += text;
    sleep_ = {};
    go_on();
}

void Dialogue::go_on() {
    if (!write_end_ || unsaid_.empty()) {
        return;
    }
    const ssize_t written = ::write(write_end_.get(), unsaid_.data(), unsaid_.size());
    if (written > 0) {
        unsaid_.erase(0, static_cast<std::size_t>(written));
    }
}

void Dialogue::close() {
    write_end_.reset();
}

}  // namespace vmlab::process
