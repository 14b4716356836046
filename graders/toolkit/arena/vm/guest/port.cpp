#include "arena/vm/guest/port.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "arena/vm/guest/machine.hpp"

namespace vmlab::guest {
namespace {

// The driver copies each write into memory of its own.
constexpr std::size_t largest_write = 16U << 10U;

std::string find_device() {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/dev", none)) {
        if (entry.path().string().starts_with(result_port)) {
            return entry.path().string();
        }
    }
    return {};
}

}  // namespace

process::Result<Port> Port::open() {
    for (int tries = 0; tries < 400; ++tries) {
        const std::string path = find_device();
        if (!path.empty()) {
            process::Descriptor device(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
            if (device) {
                return Port(std::move(device));
            }
            // The driver has the port, the host's half is not connected yet.
        }
        sleep_ms(5);
    }
    return process::failed("the guest has no virtio-serial port");
}

void Port::send(const arena::wire::Event& event) {
    if (written_ > 0) {
        waiting_.erase(0, written_);
        written_ = 0;
    }
    waiting_ += arena::wire::encode(event);
    flush();
}

void Port::flush() {
    while (has_waiting()) {
        const std::size_t size = std::min(waiting_.size() - written_, largest_write);
        const ssize_t taken = ::write(device_.get(), waiting_.data() + written_, size);
        if (taken <= 0) {
            if (taken < 0 && errno == EINTR) {
                continue;
            }
            return;
        }
        written_ += static_cast<std::size_t>(taken);
    }
}

void Port::finish() {
    (void)::fcntl(device_.get(), F_SETFL, 0);
    while (has_waiting()) {
        const std::size_t before = written_;
        flush();
        if (written_ == before) {
            return;
        }
    }
}

}  // namespace vmlab::guest
