#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vmlab::cli {

/// Takes the records of a /dev/kmsg as they come, in pieces of any size, and keeps those that tell who asked
/// for memory and who died; of the rest (stacks, statistics) only how many there were.
class KernelRows {
  public:
    /// The rows to show next: "[    4.210051] Out of memory: Killed process ...".
    [[nodiscard]] std::vector<std::string> add(std::string_view piece);

  private:
    void record(std::string_view text, std::vector<std::string>& rows);

    std::string pending_;
    int left_out_ = 0;
};

}  // namespace vmlab::cli
