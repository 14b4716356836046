#pragma once

#include <sys/types.h>

#include <utility>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::process {

/// A uid that, as long as this object lives, no other run on this machine has, whichever grader started it,
/// and that belongs to no person. For root.
class RunUser {
  public:
    /// Whether this process is root with uids to give away: not in a user namespace that maps its own alone.
    [[nodiscard]] static bool is_possible();

    /// An Error when a thousand uids in a row are taken.
    [[nodiscard]] static Result<RunUser> claim();

    [[nodiscard]] uid_t uid() const { return uid_; }
    [[nodiscard]] gid_t gid() const { return static_cast<gid_t>(uid_); }

  private:
    RunUser(uid_t uid, Descriptor claim) : uid_(uid), claim_(std::move(claim)) {}
    uid_t uid_;
    /// A socket with the uid in its name: the kernel gives a name once, and takes it back when we end,
    /// however we end. Student code may bind no socket (see syscall_filter.cpp).
    Descriptor claim_;
};

}  // namespace vmlab::process
