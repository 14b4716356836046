#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "process/sandbox/run_user.hpp"
#include "process/sandbox/system_view.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/run.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::process {

/// One job's way into a tier: the command line that wraps it, and the folders and uid that are its own for as
/// long as this object lives.
class Confinement {
  public:
    /// `view`: what the job may see of the system.
    [[nodiscard]] static Result<Confinement> make(Tier tier, const std::filesystem::path& bubblewrap,
                                                  const std::filesystem::path& launcher,
                                                  const std::filesystem::path& scratch,
                                                  const SystemView& view, const Job& job);
    Confinement(Confinement&& other) noexcept;
    Confinement& operator=(Confinement&&) = delete;
    Confinement(const Confinement&) = delete;
    Confinement& operator=(const Confinement&) = delete;
    ~Confinement();

    [[nodiscard]] const std::vector<std::string>& command() const { return command_; }
    [[nodiscard]] std::vector<std::string> environment() const;
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

    /// Asks whether the run fills the disk with more than `bytes`; nothing to ask where it cannot. Valid as
    /// long as this object.
    [[nodiscard]] std::function<bool()> disk_watch(std::uint64_t bytes) const;

  private:
    Confinement() = default;
    Result<void> own_folders(const std::filesystem::path& scratch, const Job& job);
    void add_bubblewrap(const std::filesystem::path& bubblewrap, const std::filesystem::path& launcher,
                        const SystemView& view, const Job& job);
    void add_launcher(const std::filesystem::path& launcher, const SystemView& view, const Job& job);
    void add_program(const std::filesystem::path& launcher, const Job& job);
    /// Limits and variables: for the launcher that becomes the program.
    [[nodiscard]] std::vector<std::string> program_options(const Job& job) const;

    Tier tier_ = Tier::none;
    std::optional<RunUser> user_;   ///< the run's own; absent when we have no right to another uid
    std::filesystem::path folder_;  ///< working folder on the host; empty when it is a tmpfs of the sandbox
    std::map<std::string, std::string> variables_;
    std::vector<std::string> command_;
};

}  // namespace vmlab::process
