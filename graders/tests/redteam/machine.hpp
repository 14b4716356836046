#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace vmlab::redteam {

/// What can be seen on this machine of the things that a run could leave behind. Other tests and other people
/// work on the machine at the same time: only what no living grader and no person owns is in it.
struct Machine {
    std::set<std::string> orphans;      ///< processes that came from this one and are still there
    std::set<std::string> groups;       ///< cgroups of graders that are gone
    std::set<std::string> mounts;       ///< as this process sees them
    std::set<std::string> files;        ///< in the folders that every user may write to
    std::set<std::string> ipc_objects;  ///< System V

    [[nodiscard]] static Machine look();
};

/// What is there now and was not before: one line for each.
[[nodiscard]] std::vector<std::string> added(const Machine& before, const Machine& now);

/// Watches the disk behind the temporary folder and /dev/shm until it is gone.
class DiskWatch {
  public:
    DiskWatch();
    ~DiskWatch();
    DiskWatch(const DiskWatch&) = delete;
    DiskWatch& operator=(const DiskWatch&) = delete;

    /// The most bytes of either that were in use, beyond what was in use at the start.
    [[nodiscard]] std::uint64_t high_water();

  private:
    void watch(const std::stop_token& stop);
    std::mutex mutex_;
    std::uint64_t high_water_ = 0;
    std::jthread thread_;
};

}  // namespace vmlab::redteam
