#pragma once

#include <utility>

#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// Owns one file descriptor and closes it.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    /// Gives the descriptor away: the caller closes it.
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void reset();

  private:
    int fd_ = -1;
};

/// Two connected ends, both close-on-exec.
struct DescriptorPair {
    Descriptor ours;    ///< the end that the grader reads
    Descriptor theirs;  ///< the end that the child is given
};

[[nodiscard]] Result<DescriptorPair> make_pipe();
/// A stream socket pair: unlike a pipe or a file it cannot be reopened through /proc/PID/fd (open gives
/// ENXIO).
[[nodiscard]] Result<DescriptorPair> make_socket_pair();

}  // namespace vmlab::process
