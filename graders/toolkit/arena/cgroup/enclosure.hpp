#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "arena/cgroup/cgroup.hpp"
#include "arena/cgroup/hierarchy.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// The cgroups of one arena: one that holds the limit, and below it one for each contestant, so that the
/// kernel counts each contestant's OOM kills apart. Removed on destruction, with what is in it.
class Enclosure {
  public:
    [[nodiscard]] static process::Result<Enclosure> make(const Hierarchy& hierarchy,
                                                         std::uint64_t memory_bytes, std::size_t contestants);

    Enclosure(Enclosure&&) noexcept = default;
    Enclosure& operator=(Enclosure&&) = delete;
    Enclosure(const Enclosure&) = delete;
    Enclosure& operator=(const Enclosure&) = delete;
    ~Enclosure();

    /// From now on there are at most so many processes and threads in it, where cgroups can see to that.
    [[nodiscard]] process::Result<void> limit_processes(std::uint64_t processes) const;

    /// The file by which a contestant's run joins.
    [[nodiscard]] std::filesystem::path entrance(std::size_t contestant) const;
    [[nodiscard]] process::Result<std::uint64_t> oom_kills(std::size_t contestant) const;
    [[nodiscard]] std::optional<std::uint64_t> peak_bytes() const;

  private:
    Enclosure(const Hierarchy& hierarchy, Cgroup whole);
    const Hierarchy* hierarchy_;
    std::optional<Cgroup> whole_;
    std::vector<Cgroup> seats_;
};

/// Removes the arenas of dead owners below hierarchy's `vmlab` group, and that group when nothing is left in
/// it.
int remove_stale_enclosures(const Hierarchy& hierarchy);
/// The same for the arenas of this process, which are in use; it can make none afterwards. For a process that
/// is about to end by a signal.
int remove_own_enclosures(const Hierarchy& hierarchy);

}  // namespace vmlab::arena
