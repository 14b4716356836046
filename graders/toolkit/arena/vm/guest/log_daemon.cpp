#include "arena/vm/guest/log_daemon.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "arena/vm/guest/kernel_files.hpp"
#include "arena/vm/guest/machine.hpp"

namespace vmlab::guest {
namespace {

constexpr const char* log_socket = "/dev/log";
constexpr std::size_t longest_syslog = 1U << 20U;
constexpr long daemon_poll_ms = 10;

void start(std::vector<const char*> argv) {
    argv.push_back(nullptr);
    if (::fork() == 0) {
        ::setsid();
        const int nothing = ::open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; ++fd) {
            ::dup2(nothing, fd);
        }
        char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        char* environment[] = {path, nullptr};
        ::execve(argv[0], const_cast<char* const*>(argv.data()), environment);
        ::_exit(127);
    }
}

template <class Condition>
void wait_until(Condition condition, long patience_ms) {
    for (long waited = 0; waited < patience_ms && !condition(); waited += daemon_poll_ms) {
        sleep_ms(daemon_poll_ms);
    }
}

off_t syslog_size() {
    struct stat facts {};
    return ::stat(syslog_file, &facts) == 0 ? facts.st_size : 0;
}

}  // namespace

void start_log_daemon() {
    if (::access("/usr/sbin/rsyslogd", X_OK) == 0) {
        start({"/usr/sbin/rsyslogd", "-n", "-f", "/etc/rsyslog.conf", "-i", "NONE"});
    } else if (::access("/bin/busybox", X_OK) == 0) {
        start({"/bin/busybox", "syslogd", "-n", "-O", syslog_file});
        wait_until([] { return ::access(log_socket, F_OK) == 0; }, 2000);
        start({"/bin/busybox", "klogd", "-n"});
    } else {
        return;
    }
    wait_until([] { return syslog_size() > 0; }, 5000);
    off_t before = -1;
    wait_until(
        [&before] {
            const off_t size = syslog_size();
            return size == std::exchange(before, size);
        },
        2000);
    // The daemon makes it writable by everyone: a program could then put rows into the syslog that look like
    // the kernel's.
    (void)::chmod(log_socket, 0600);
}

std::string syslog_with(const std::vector<std::string>& texts, long patience_ms) {
    std::string log;
    wait_until(
        [&] {
            const off_t size = syslog_size();
            log = read_whole(syslog_file, 4 * longest_syslog);
            return static_cast<off_t>(log.size()) >= size &&
                   std::all_of(texts.begin(), texts.end(), [&log](const std::string& text) {
                       return log.find(text) != std::string::npos;
                   });
        },
        patience_ms);
    if (log.size() > longest_syslog) {
        log.erase(0, log.size() - longest_syslog);
    }
    return log;
}

}  // namespace vmlab::guest
