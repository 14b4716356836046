#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "vmlab/process/descriptor.hpp"

namespace vmlab::guest {

/// The records of /dev/kmsg from open_at_end() on.
class KernelLog {
  public:
    void open_at_end();
    /// To be polled for POLLIN; -1: there is none.
    [[nodiscard]] int descriptor() const { return device_.get(); }
    /// The new records, as the kernel gives them; empty: there is none. At most so many that an event holds
    /// them.
    [[nodiscard]] std::string read_new();

    /// What the kernel said of the OOM killer's work, one text a record, as far as every log daemon writes it
    /// alike: "Killed process 90 (".
    [[nodiscard]] const std::vector<std::string>& deeds() const { return deeds_; }
    [[nodiscard]] std::size_t kills() const { return kills_; }

  private:
    void note_deed(const std::string& record);

    process::Descriptor device_;
    std::size_t seen_ = 0;
    std::vector<std::string> deeds_;
    std::size_t kills_ = 0;
};

}  // namespace vmlab::guest
