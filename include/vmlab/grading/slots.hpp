#pragma once

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::grading {

/// A number of job slots shared by every thread of every grader of one invocation: at most that many tools
/// run at once. A slot is a file lock, so a grader that dies gives its slots back.
class Slots {
  public:
    /// Held while a tool runs; given back on destruction.
    class Held {
      public:
        explicit Held(process::Descriptor lock) : lock_(std::move(lock)) {}
        Held(Held&&) noexcept = default;
        Held& operator=(Held&&) = delete;
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        ~Held();

      private:
        process::Descriptor lock_;
    };

    /// Uses (and makes where missing) COUNT lock files in FOLDER.
    Slots(std::filesystem::path folder, int count) : folder_(std::move(folder)), count_(count) {}
    /// Waits for a free slot.
    [[nodiscard]] process::Result<Held> take() const;
    /// Waits until every slot is free: nothing else runs meanwhile. Whoever holds a slot must not ask for it.
    [[nodiscard]] process::Result<std::vector<Held>> take_all() const;

  private:
    /// One of them; nothing when it is taken and we do not wait.
    [[nodiscard]] process::Result<std::optional<Held>> take(int number, bool wait) const;

    std::filesystem::path folder_;
    int count_;
};

}  // namespace vmlab::grading
