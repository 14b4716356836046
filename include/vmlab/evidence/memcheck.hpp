#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/allocation_trace.hpp"
#include "vmlab/process/error.hpp"
#include "vmlab/process/sandbox.hpp"

namespace vmlab::evidence {

/// One row of a call stack. file is empty and line 0 when the program was built without debugging
/// information.
struct Frame {
    std::string function;  ///< empty when the symbol is unknown
    std::string object;    ///< base name of the program or library it lies in
    std::string file;      ///< base name, as compiled
    int line = 0;
};

/// Memcheck's leak kinds (Valgrind manual, section 4.2.8).
enum class LeakKind { definitely_lost, indirectly_lost, possibly_lost, still_reachable };
[[nodiscard]] std::string_view name_of(LeakKind kind);  ///< "definitely lost", ...

/// One loss record: blocks allocated by the same call stack and lost in the same way.
struct Leak {
    LeakKind kind = LeakKind::definitely_lost;
    std::uint64_t bytes = 0;  ///< of these blocks; what is indirectly lost behind them has records of its own
    std::uint64_t blocks = 0;
    std::vector<Frame> stack;  ///< innermost first: stack[0] is malloc itself

    /// The innermost row that lies in `source_file`; nullptr when none does.
    [[nodiscard]] const Frame* at(std::string_view source_file) const;
};

/// One error other than a leak: an invalid read, write or free, a mismatched free, a use of an undefined
/// value. (A realloc to zero bytes is none here: only Valgrind 3.21 and later complain of it.)
struct MemoryError {
    std::string kind;    ///< Memcheck's own: InvalidRead, InvalidWrite, InvalidFree, MismatchedFree,
                         ///< UninitCondition, ...
    std::string what;    ///< Memcheck's sentence
    std::string detail;  ///< Memcheck's sentence on the address ("Address 0x… is 0 bytes inside a block of
                         ///< size 4 free'd"); empty when it has none
    std::vector<Frame> stack;
    [[nodiscard]] const Frame* at(std::string_view source_file) const;
    /// InvalidFree or MismatchedFree.
    [[nodiscard]] bool about_freeing() const;
    /// A use of a value that was never set.
    [[nodiscard]] bool about_unset_values() const;
    /// An access to the first page of the address space: a null pointer was used.
    [[nodiscard]] bool at_null() const;
};

/// What Memcheck wrote into its XML about one process.
struct MemcheckReport {
    int pid = 0;              ///< as the program sees itself; 0 when the document ends before it
    std::vector<Leak> leaks;  ///< still_reachable ones too
    std::vector<MemoryError> errors;
    bool started = false;   ///< Valgrind said that it lets the program run now
    bool complete = false;  ///< the closing tag was there: the leak check was done

    [[nodiscard]] std::uint64_t bytes(LeakKind kind) const;
    [[nodiscard]] std::uint64_t blocks(LeakKind kind) const;
    [[nodiscard]] std::vector<Leak> leaks_of(LeakKind kind) const;
    /// The first read or write of memory that is none of the program's, or use of a value that was never
    /// initialised. nullptr: there is none.
    [[nodiscard]] const MemoryError* misuse() const;
};

/// Reads Valgrind's XML (protocol 4 and later) of the first process that wrote to it. Complete documents of
/// other processes (a program that the first one forked and executed) may follow and are ignored. An
/// incomplete document (Valgrind was killed) is a report with complete == false; text that Valgrind cannot
/// have written (malformed, not memcheck's), or a second document of the same process (it executed another
/// program), is an Error.
[[nodiscard]] process::Result<MemcheckReport> parse_memcheck_xml(std::string_view xml);

/// What in the trace and the report of one process cannot both be true: every block that the trace shows
/// allocated and not freed is in a loss record, and no other. Nothing when they agree, or when one of them
/// is incomplete.
[[nodiscard]] std::optional<std::string> contradiction(const AllocationTrace& trace,
                                                       const MemcheckReport& report);

struct MemcheckRun {
    process::Run run;
    MemcheckReport report;
    AllocationTrace trace;  ///< of the first process only
    std::string remarks;    ///< Valgrind's own words on the process: a stack overflow, why it gave up
    /// Why the report cannot be trusted: it is no document of Valgrind's, the program left Valgrind by
    /// executing another, or trace and report contradict one another. A run that was stopped or killed has
    /// an incomplete report and no damage.
    std::optional<std::string> damage;
};

struct MemcheckOptions {
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;
    process::Limits limits;
    process::Start start;
    /// Sleeps return at once: strace around Valgrind injects their result. Needs strace.
    bool fast_forward_sleeps = false;
    std::vector<std::filesystem::path> readable;
    process::OnPause on_pause;  ///< a dialogue over the program's stdin, as in process::Job
    std::string input;          ///< for stdin; default: nothing
    /// The environment preloads an allocator whose own heap Memcheck is told of: the blocks are in the
    /// report, but not in the trace, which is empty of them.
    bool preloads_own_heap = false;
    bool show_mismatched_frees = true;  ///< false: the preloaded allocator takes what new gets from malloc
};

/// Runs the program under Memcheck and its allocation trace, reported over sockets that the program cannot
/// reach. machine_lacks: no valgrind, or one older than 3.15.
[[nodiscard]] process::Result<MemcheckRun> run_memcheck(const process::Sandbox& sandbox,
                                                        const std::filesystem::path& program,
                                                        const MemcheckOptions& options = {});

}  // namespace vmlab::evidence
