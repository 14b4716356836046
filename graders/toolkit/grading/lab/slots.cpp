#include "vmlab/grading/slots.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace vmlab::grading {

// Unlocked by name, not merely closed: a child that another thread has just forked holds a copy of the
// descriptor.
Slots::Held::~Held() {
    if (lock_) {
        flock(lock_.get(), LOCK_UN);
    }
}

process::Result<Slots::Held> Slots::take() const {
    using namespace std::chrono_literals;
    for (;;) {
        for (int number = 0; number < count_; ++number) {
            const std::filesystem::path file = folder_ / fmt::format("slot-{}", number);
            // Opened anew each time: two threads of one process exclude each other only by two open files.
            process::Descriptor lock(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
            if (!lock) {
                return process::failed_call("open", file.string());
            }
            if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
                return Held(std::move(lock));
            }
            if (errno != EWOULDBLOCK && errno != EINTR) {
                return process::failed_call("flock", file.string());
            }
        }
        // flock cannot wait for whichever of several files comes free first.
        std::this_thread::sleep_for(2ms);
    }
}

}  // namespace vmlab::grading
