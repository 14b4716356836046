// A preloaded library in which every sleep lasts a millisecond and then says that it was long enough: a
// program that sleeps between its rounds can be run for many of them with nobody tracing it. What the program
// does then is judged from outside.

#include <poll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include <sys/syscall.h>
#include <cerrno>

namespace {

/// Not at once: a loop that waits for a clock asks again and again.
void sleep_briefly() {
    const int before = errno;
    const timespec millisecond = {0, 1'000'000};
    syscall(SYS_nanosleep, &millisecond, nullptr);
    errno = before;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

unsigned int sleep(unsigned int /*seconds*/) {
    sleep_briefly();
    return 0;
}

int usleep(useconds_t /*microseconds*/) {
    sleep_briefly();
    return 0;
}

int nanosleep(const timespec* /*duration*/, timespec* /*rest*/) {
    sleep_briefly();
    return 0;
}

int clock_nanosleep(clockid_t /*clock*/, int /*flags*/, const timespec* /*duration*/, timespec* /*rest*/) {
    sleep_briefly();
    return 0;
}

int thrd_sleep(const timespec* /*duration*/, timespec* /*rest*/) {
    sleep_briefly();
    return 0;
}

// Without descriptors these are sleeps. One without an end stays what it is.

int poll(pollfd* descriptors, nfds_t count, int milliseconds) {
    if (count > 0 || milliseconds < 0) {
        return static_cast<int>(syscall(SYS_poll, descriptors, count, milliseconds));
    }
    sleep_briefly();
    return 0;
}

int select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, timeval* timeout) {
    if (count > 0 || timeout == nullptr) {
        return static_cast<int>(syscall(SYS_select, count, readable, writable, exceptional, timeout));
    }
    sleep_briefly();
    return 0;
}

}  // extern "C"
#pragma GCC visibility pop
