#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/arena/arena.hpp"
#include "vmlab/evidence/elf.hpp"
#include "vmlab/evidence/memcheck.hpp"
#include "vmlab/evidence/syscalls.hpp"
#include "vmlab/grading/activity.hpp"
#include "vmlab/grading/answers.hpp"
#include "vmlab/grading/build.hpp"
#include "vmlab/grading/result.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::grading {

/// The preloaded allocators. Evidence is what the program prints under them; and of counts_blocks, that the
/// blocks which Memcheck saw were there without it too.
enum class Preload {
    none,
    heap_grows_down,  ///< every block lies below the one before it; above it with heap_grows_up
    malloc_fails,    ///< malloc, calloc and realloc give NULL after the first malloc_calls_that_work calls of
                     ///< the program's own, to the next malloc_calls_that_fail of them
    blocks_forget,   ///< what is written into a block of the program's own is gone: it reads zeros
    counts_blocks,   ///< Run::shared_memory tells of every block (evidence::native_blocks)
    mmap_populates,  ///< private anonymous mappings made by mmap(3) have all their pages from the start
    shows_writes,  ///< /proc/PID/maps tells which pages of the blocks of shown_sizes the program has written
                   ///< to (evidence::shown_blocks)
};

struct NativeOptions {
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;
    process::Limits limits;
    process::Start start;
    Preload preload = Preload::none;
    bool brief_sleeps = false;  ///< every sleep lasts a millisecond (preloaded too)
    int malloc_calls_that_work = 0;
    std::optional<int> malloc_calls_that_fail = {};  ///< default: all that follow
    /// malloc_fails: plain `new` is counted too and gives NULL, which a real one never does.
    bool plain_new_gives_null = false;
    bool heap_grows_up = false;  ///< heap_grows_down: the same allocator, working the other way
    /// malloc_fails, blocks_forget: blocks of these sizes are the program's own too when a library gets them
    /// for it by `new` (a std::string, a memory resource).
    std::vector<std::uint64_t> block_sizes = {};
    std::vector<std::uint64_t> shown_sizes = {};  ///< shows_writes: of which blocks, in bytes; at most four
    std::string input;                            ///< for stdin; default: nothing
    std::vector<std::filesystem::path> readable;  ///< files and folders to show read-only
    process::OnPause on_pause;                    ///< a dialogue instead, as in process::Job

    /// Called on the running thread as in process::Job: for a look at /proc/PID from outside while the
    /// program sleeps.
    std::function<void(pid_t)> on_started;
    std::function<void(std::string_view)> on_output;
    std::stop_token stop;  ///< ends the run when requested, also from within on_output
};

/// Everything that a check may ask for: the submission's programs and answers, and runs of programs under
/// each instrument. Every function blocks until one of the machine's job slots is free, is safe to call from
/// several threads, and ends the check with the right Verdict when the machine, the toolkit or the submission
/// makes an answer impossible.
class Lab {
  public:
    virtual ~Lab() = default;

    /// A program of the submission, built once as usual and once with each other set of options. Fails the
    /// check: build-error or missing-file. Tamper-suspected when it holds Valgrind client requests.
    [[nodiscard]] virtual const Program& program(std::string_view name, const BuildOptions& options = {}) = 0;
    /// The same program built from the starter as shipped: the copy in graders/NN-slug/starter, which no
    /// student edits.
    [[nodiscard]] virtual Program starter(std::string_view name, const BuildOptions& options = {}) = 0;
    /// The same program built from the grader's reference solution (trusted).
    [[nodiscard]] virtual Program reference(std::string_view name) = 0;
    /// A trusted source file below the grader's own folder (graders/NN-slug): a probe.
    [[nodiscard]] virtual Program probe(const std::filesystem::path& source,
                                        const BuildOptions& options = {}) = 0;
    /// A trusted program from source text (a starter with one line changed). `source_name` is what stacks
    /// will call it.
    [[nodiscard]] virtual Program build_text(const std::string& source_name, const std::string& text,
                                             const BuildOptions& options = {}) = 0;
    /// A new file for runs to read (NativeOptions::readable), which is gone with the grading.
    [[nodiscard]] virtual std::filesystem::path given_file(const std::string& name,
                                                           const std::string& content) = 0;
    /// The text of a submitted file. Fails the check when it is missing.
    [[nodiscard]] virtual std::string submitted_text(std::string_view file) = 0;
    /// The submission's answers.toml.
    [[nodiscard]] virtual Answers answers() = 0;

    [[nodiscard]] virtual evidence::MemcheckRun memcheck(const Program& program,
                                                         const evidence::MemcheckOptions& options = {}) = 0;
    [[nodiscard]] virtual evidence::SyscallRun syscalls(const Program& program,
                                                        const evidence::SyscallOptions& options = {}) = 0;
    [[nodiscard]] virtual process::Run native(const Program& program, const NativeOptions& options = {}) = 0;
    /// A run like native() with the preloaded allocators heap_grows_down or malloc_fails, under Memcheck: it
    /// guards the blocks of these too. Of `options` only arguments, environment, limits and what concerns the
    /// allocator are used.
    [[nodiscard]] virtual evidence::MemcheckRun native_under_memcheck(const Program& program,
                                                                      const NativeOptions& options) = 0;
    /// Runs in an arena of request.memory_bytes. cannot-judge when there is none.
    [[nodiscard]] virtual arena::Outcome arena(const arena::Request& request) = 0;
    /// A Job for a contestant of an arena.
    [[nodiscard]] virtual process::Job job(const Program& program, std::vector<std::string> arguments) = 0;

    /// graders/NN-slug: recorded logs and other data of the grader.
    [[nodiscard]] virtual const std::filesystem::path& grader_folder() const = 0;
    [[nodiscard]] virtual const Activity& activity() const = 0;
};

/// The lab of the grader that runs now. Valid from run_grader on.
[[nodiscard]] Lab& lab();

}  // namespace vmlab::grading
