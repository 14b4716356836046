#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "grading/lab/once.hpp"
#include "vmlab/grading/lab.hpp"
#include "vmlab/grading/slots.hpp"
#include "vmlab/grading/submission.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::grading {

/// What a LocalLab works on and where.
struct LocalLabSettings {
    Activity activity;
    StagedSubmission submission;
    std::filesystem::path grader_folder;
    std::filesystem::path support;
    std::filesystem::path scratch;  ///< for builds and working folders: the caller removes it
    Slots slots;
    process::TierChoice tier = process::TierChoice::automatic;
    arena::KindChoice arena = arena::KindChoice::automatic;
    std::vector<std::filesystem::path> hidden = {};  ///< no program may see them, wherever they lie
    std::chrono::seconds longest_run{0};  ///< of a built program, outside of arenas; 0: as the check says
};

/// The Lab of a real grader: this machine's sandbox, tools and arenas. Sandbox and arena are opened when they
/// are first needed, each program is built once, and a slot is held while a tool runs, never while waiting
/// for another thread.
class LocalLab final : public Lab {
  public:
    explicit LocalLab(LocalLabSettings settings) : settings_(std::move(settings)) {}

    const Program& program(std::string_view name, const BuildOptions& options) override;
    Program starter(std::string_view name, const BuildOptions& options) override;
    Program reference(std::string_view name) override;
    Program probe(const std::filesystem::path& source, const BuildOptions& options) override;
    Program build_text(const std::string& source_name, const std::string& text,
                       const BuildOptions& options) override;
    std::filesystem::path given_file(const std::string& name, const std::string& content) override;
    std::string submitted_text(std::string_view file) override;
    Answers answers() override;

    evidence::MemcheckRun memcheck(const Program& program, const evidence::MemcheckOptions& options) override;
    evidence::SyscallRun syscalls(const Program& program, const evidence::SyscallOptions& options) override;
    process::Run native(const Program& program, const NativeOptions& options) override;
    evidence::MemcheckRun native_under_memcheck(const Program& program,
                                                const NativeOptions& options) override;
    arena::Outcome arena(const arena::Request& request) override;
    process::Job job(const Program& program, std::vector<std::string> arguments) override;

    const std::filesystem::path& grader_folder() const override { return settings_.grader_folder; }
    const Activity& activity() const override { return settings_.activity; }

    /// For the result's environment. The tier is found out if no check has needed it yet; the arena is not.
    [[nodiscard]] std::string isolation_name();
    [[nodiscard]] std::string isolation_lacks();
    [[nodiscard]] std::string arena_name();

  private:
    const process::Sandbox& sandbox();
    const ProgramInfo& program_info(std::string_view name) const;
    std::filesystem::path submitted_file(std::string_view file) const;
    Program build_submitted(const ProgramInfo& info, const BuildOptions& options);
    Program build_trusted(const std::filesystem::path& source, const std::string& name,
                          const BuildOptions& options);
    /// What the check allows, within what the caller of the grader allows.
    [[nodiscard]] process::Limits within(process::Limits limits) const;
    std::filesystem::path new_folder(const std::string& name);
    Slots::Held slot() const;
    std::unique_ptr<arena::Arena> open_arena(arena::KindChoice choice);
    const arena::Arena& chosen_arena();
    const arena::Arena& arena_for(const arena::Request& request);
    void set_arena_name(std::string name);
    /// The Once kept under this key, made when it is first asked for.
    Once<Program>& built(const std::string& key);

    LocalLabSettings settings_;
    Once<process::Sandbox> sandbox_;
    Once<std::unique_ptr<arena::Arena>> arena_;    ///< the chosen kind
    Once<std::unique_ptr<arena::Arena>> machine_;  ///< the VM arena beside it, for what only that one has
    std::mutex mutex_;                             ///< guards the members below
    std::map<std::string, std::unique_ptr<Once<Program>>> built_;
    int folders_ = 0;
    std::optional<std::string> arena_name_;
    std::string unguarded_;  ///< why runs have no memory guard
};

}  // namespace vmlab::grading
