#pragma once

#include <cstddef>
#include <string>

#include "arena/vm/wire/wire.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::guest {

/// The virtio-serial port to the host. What is sent waits here until the host takes it: nothing in the init
/// ever waits for the host, except finish().
class Port {
  public:
    /// Waits for the device to appear.
    [[nodiscard]] static process::Result<Port> open();

    void send(const arena::wire::Event& event);

    /// To be polled for POLLOUT while has_waiting().
    [[nodiscard]] int descriptor() const { return device_.get(); }
    [[nodiscard]] bool has_waiting() const { return waiting_.size() > written_; }
    /// So much waits already that what can wait at its source should.
    [[nodiscard]] bool is_crowded() const { return waiting_.size() - written_ > crowded_bytes; }
    /// Writes what the device takes now.
    void flush();

    /// Waits until the last of it is in the device's ring: the host has not taken that yet.
    void finish();

  private:
    static constexpr std::size_t crowded_bytes = 256U << 10U;

    explicit Port(process::Descriptor device) : device_(std::move(device)) {}
    process::Descriptor device_;
    std::string waiting_;
    std::size_t written_ = 0;
};

}  // namespace vmlab::guest
