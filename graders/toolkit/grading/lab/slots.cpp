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

process::Result<std::optional<Slots::Held>> Slots::take(int number, bool wait) const {
    const std::filesystem::path file = folder_ / fmt::format("slot-{}", number);
    // Opened anew each time: two threads of one process exclude each other only by two open files.
    process::Descriptor lock(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock) {
        return process::failed_call("open", file.string());
    }
    while (flock(lock.get(), wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return std::optional<Held>();
        }
        if (errno != EINTR) {
            return process::failed_call("flock", file.string());
        }
    }
    return std::optional<Held>(Held(std::move(lock)));
}

process::Result<Slots::Held> Slots::take() const {
    using namespace std::chrono_literals;
    for (;;) {
        for (int number = 0; number < count_; ++number) {
            auto taken = take(number, false);
            if (!taken) {
                return tl::unexpected(taken.error());
            }
            if (*taken) {
                return std::move(**taken);
            }
        }
        // flock cannot wait for whichever of several files comes free first.
        std::this_thread::sleep_for(2ms);
    }
}

process::Result<std::vector<Slots::Held>> Slots::take_all() const {
    // One after the other, and everybody in the same order: two that want all of them do not block each
    // other.
    std::vector<Held> all;
    for (int number = 0; number < count_; ++number) {
        auto taken = take(number, true);
        if (!taken) {
            return tl::unexpected(taken.error());
        }
        all.push_back(std::move(**taken));
    }
    return all;
}

}  // namespace vmlab::grading
