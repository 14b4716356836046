#include "vmlab/process/sandbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "inside/landlock.hpp"
#include "process/advice.hpp"
#include "process/child.hpp"
#include "process/collector.hpp"
#include "process/sandbox/confinement.hpp"
#include "process/sandbox/recording.hpp"
#include "process/sandbox/requirements.hpp"
#include "process/sandbox/run_user.hpp"
#include "process/sandbox/status_socket.hpp"
#include "process/sandbox/syscall_filter.hpp"
#include "process/sandbox/system_view.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::process {

namespace {

Result<Descriptor> standard_input(const std::string& text) {
    if (text.empty()) {
        Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        return nothing ? Result<Descriptor>(std::move(nothing)) : failed_call("open", "/dev/null");
    }
    Descriptor file(::memfd_create("vmlab-input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file || ::pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()) ||
        ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
        return failed_call("memfd_create", "for standard input");
    }
    return file;
}

/// Memory that keeps its size: nobody who maps it can lose it.
Result<Descriptor> make_shared_memory(std::uint64_t bytes) {
    Descriptor memory(::memfd_create("vmlab-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0 ||
        ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
        return failed_call("memfd_create", "for shared memory");
    }
    return memory;
}

/// The beginning of a file, up to the first part that nobody has written to.
Result<std::string> written_part(const Descriptor& file) {
    const off_t end = ::lseek(file.get(), 0, SEEK_HOLE);
    std::string text(end > 0 ? static_cast<std::size_t>(end) : 0, '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t got =
            ::pread(file.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
        if (got <= 0) {
            return failed_call("pread", "shared memory");
        }
        done += static_cast<std::size_t>(got);
    }
    return text;
}

/// Both ends of everything that a run reads and writes.
struct Ends {
    Streams ours;
    Descriptor shared_memory;
    std::vector<Descriptor> theirs;
    std::map<int, int> placed;  ///< descriptor in the child -> descriptor in `theirs`

    void place(int number, Descriptor descriptor) {
        placed[number] = descriptor.get();
        theirs.push_back(std::move(descriptor));
    }
};

Result<void> place_input(const Job& job, Ends& ends) {
    if (job.on_pause) {
        Descriptor theirs;
        auto dialogue = Dialogue::open(theirs);
        if (!dialogue) {
            return tl::unexpected(dialogue.error());
        }
        ends.ours.dialogue.emplace(std::move(*dialogue));
        ends.place(0, std::move(theirs));
        return {};
    }
    auto input = standard_input(job.input);
    if (!input) {
        return tl::unexpected(input.error());
    }
    ends.place(0, std::move(*input));
    return {};
}

Result<Ends> open_ends(const Job& job) {
    Ends ends;
    if (auto placed = place_input(job, ends); !placed) {
        return tl::unexpected(placed.error());
    }
    auto out = make_pipe();
    auto err = make_pipe();
    auto status = make_status_pair();
    auto filter = make_syscall_filter();
    if (!out || !err || !status) {
        return failed_call("open the run's descriptors");
    }
    if (!filter) {
        return tl::unexpected(filter.error());
    }
    ends.ours.out = std::move(out->ours);
    ends.ours.err = std::move(err->ours);
    ends.ours.status = std::move(status->ours);
    ends.place(1, std::move(out->theirs));
    ends.place(job.stderr_as.value_or(2), std::move(err->theirs));
    ends.place(status_descriptor, std::move(status->theirs));
    ends.place(filter_descriptor, std::move(*filter));
    for (const int number : job.channels) {
        auto channel = make_socket_pair();
        if (!channel) {
            return tl::unexpected(channel.error());
        }
        ends.ours.channels[number] = std::move(channel->ours);
        ends.place(number, std::move(channel->theirs));
    }
    if (job.shared_memory) {
        auto memory = make_shared_memory(job.shared_bytes);
        if (!memory) {
            return tl::unexpected(memory.error());
        }
        Descriptor second(::fcntl(memory->get(), F_DUPFD_CLOEXEC, 0));
        if (!second) {
            return failed_call("fcntl", "shared memory");
        }
        ends.shared_memory = std::move(*memory);
        ends.place(*job.shared_memory, std::move(second));
    }
    return ends;
}

constexpr const char* launcher_name = "vmlab-launch";

/// Whether every user may enter all folders on the way to a path.
bool is_reachable_by_all(const std::filesystem::path& path) {
    std::filesystem::path folder;
    for (const std::filesystem::path& part : path) {
        folder /= part;
        struct stat facts {};
        if (::stat(folder.c_str(), &facts) != 0 || (facts.st_mode & S_IXOTH) == 0) {
            return false;
        }
    }
    return true;
}

/// The support folder itself, or a copy in scratch where another user could not reach it (a checkout in
/// somebody's home folder).
Result<std::filesystem::path> reachable_copy(const std::filesystem::path& support,
                                             const std::filesystem::path& scratch) {
    if (is_reachable_by_all(support)) {
        return support;
    }
    const std::filesystem::path copy = scratch / "support";
    std::error_code error;
    std::filesystem::copy(
        support, copy,
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::skip_existing, error);
    if (!error) {
        std::filesystem::permissions(copy, std::filesystem::perms(0755), error);
    }
    if (error) {
        return failed(fmt::format("copy {}: {}", support.string(), error.message()));
    }
    return copy;
}

bool says(const char* file, const char* value) {
    const auto text = read_kernel_file(file);
    return text && text->substr(0, text->find('\n')) == value;
}

/// What is in the way of user namespaces on this machine, as a command.
std::string way_to_namespaces() {
    if (says("/proc/sys/user/max_user_namespaces", "0")) {
        return "sudo sysctl user.max_user_namespaces=10000";
    }
    if (says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")) {
        return "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0";  // Ubuntu from 23.10 on
    }
    if (says("/proc/sys/kernel/unprivileged_userns_clone", "0")) {
        return "sudo sysctl kernel.unprivileged_userns_clone=1";
    }
    const bool in_container = ::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0;
    if (RunUser::is_possible() && inside::landlock_version() == 0) {
        return fmt::format("{} a kernel with Landlock (Linux 5.13 or newer, booted with lsm=landlock,...)",
                           in_container ? "start the container with --privileged, or on" : "use");
    }
    if (in_container) {
        return "start the container with --privileged, or run vmlab as root in it";
    }
    return "run vmlab as root, or as an ordinary user on a machine that allows user namespaces";
}

}  // namespace

std::string_view name_of(Tier tier) {
    switch (tier) {
        case Tier::namespaces:
            return "namespaces";
        case Tier::separate_user:
            return "separate-user";
        case Tier::none:
            return "none";
    }
    return "none";
}

Result<TierChoice> tier_choice(std::string_view text) {
    if (text == "auto") {
        return TierChoice::automatic;
    }
    if (text == "namespaces") {
        return TierChoice::namespaces;
    }
    if (text == "separate-user") {
        return TierChoice::separate_user;
    }
    if (text == "none") {
        return TierChoice::none;
    }
    return failed(fmt::format("'{}' is no isolation tier", text), "auto, namespaces, separate-user or none");
}

Sandbox::Sandbox(Tier tier, std::filesystem::path bubblewrap, std::filesystem::path support,
                 std::filesystem::path scratch)
    : tier_(tier),
      bubblewrap_(std::move(bubblewrap)),
      support_(std::move(support)),
      scratch_(std::move(scratch)) {}

namespace {

/// A run has descriptors of high numbers (launch_protocol.hpp).
Result<void> require_descriptors() {
    constexpr rlim_t needed = 1024;
    struct rlimit files = {};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return failed_call("getrlimit");
    }
    if (files.rlim_max >= needed) {
        return {};
    }
    return machine_lacks(
        fmt::format("only {} files may be open at once here, and the sandbox needs {}", files.rlim_max,
                    needed),
        fmt::format("raise that limit: ulimit -n {0}; in a container: --ulimit nofile={0}", needed));
}

}  // namespace

Result<Sandbox> Sandbox::open(TierChoice choice, const std::filesystem::path& support,
                              const std::filesystem::path& scratch,
                              const std::vector<std::filesystem::path>& hidden) {
    if (auto able = require_execution(
            support,
            "Build vmlab on another file system, or mount this one anew: sudo mount -o remount,exec");
        !able) {
        return tl::unexpected(able.error());
    }
    if (auto able =
            require_execution(scratch, "Set TMPDIR to a folder elsewhere: TMPDIR=/var/tmp scripts/lab");
        !able) {
        return tl::unexpected(able.error());
    }
    if (auto enough = require_limits(); !enough) {
        return tl::unexpected(enough.error());
    }
    if (const std::filesystem::path launcher = support / launcher_name;
        ::access(launcher.c_str(), X_OK) != 0) {
        return failed_call("access", launcher.string());
    }
    if (auto enough = require_descriptors(); !enough) {
        return tl::unexpected(enough.error());
    }
    const auto bubblewrap = find_tool("bwrap", "bubblewrap");
    std::vector<Tier> tiers;
    std::string obstacles;
    if (choice == TierChoice::automatic || choice == TierChoice::namespaces) {
        if (bubblewrap) {
            tiers.push_back(Tier::namespaces);
        } else {
            obstacles += fmt::format("namespaces: {}. ", bubblewrap.error().what);
        }
    }
    if (choice == TierChoice::automatic || choice == TierChoice::separate_user) {
        if (!RunUser::is_possible()) {
            obstacles += ::geteuid() == 0 ? "separate-user: there is no uid here but root's. "
                                          : "separate-user: needs root. ";
        } else if (inside::landlock_version() == 0) {
            obstacles +=
                "separate-user: this kernel has no Landlock, so nothing would hide the machine's files. ";
        } else {
            tiers.push_back(Tier::separate_user);
        }
    }
    if (choice == TierChoice::none) {
        tiers.push_back(Tier::none);
    }
    for (const Tier tier : tiers) {
        const auto reachable = tier == Tier::separate_user ? reachable_copy(support, scratch)
                                                           : Result<std::filesystem::path>(support);
        if (!reachable) {
            return tl::unexpected(reachable.error());
        }
        if (tier == Tier::separate_user && !is_reachable_by_all(scratch)) {
            return machine_lacks(
                fmt::format("student code runs as a user of its own here, who cannot get to {}: a folder on "
                            "the way is closed to other users",
                            scratch.string()),
                "Set TMPDIR to a folder that every user may enter: TMPDIR=/var/tmp scripts/lab");
        }
        Sandbox sandbox(tier, bubblewrap.value_or(std::filesystem::path()), *reachable, scratch);
        if (const Result<void> chosen = sandbox.choose_views(hidden); !chosen) {
            return tl::unexpected(chosen.error());
        }
        Job probe;
        probe.argv = {"/usr/bin/true"};
        const Result<Run> run = sandbox.run(probe);
        if (run && run->succeeded()) {
            return sandbox;
        }
        obstacles += fmt::format("{}: {}. ", name_of(tier), run ? run->describe() : run.error().what);
    }
    // Tools end what they say with a newline.
    std::ranges::replace(obstacles, '\n', ' ');
    const std::string advice = advice_on(obstacles);
    return machine_lacks(fmt::format("student code cannot be confined here ({})",
                                     obstacles.substr(0, obstacles.find_last_not_of(" .") + 1)),
                         !bubblewrap ? bubblewrap.error().fix
                                     : (advice.empty() ? way_to_namespaces() : advice) +
                                           "; for your own work only: --isolation none");
}

Result<void> Sandbox::choose_views(const std::vector<std::filesystem::path>& hidden) {
    if (!hides_files()) {
        view_ = compiler_view_ = std::make_shared<const SystemView>();
        return {};
    }
    PrivatePlaces places{hidden, own_places(), mount_points()};
    places.vmlabs.push_back(support_);
    places.vmlabs.push_back(scratch_);
    for (const bool with_compiler : {false, true}) {
        auto view = system_view("/", with_compiler, places);
        if (!view) {
            return tl::unexpected(view.error());
        }
        (with_compiler ? compiler_view_ : view_) = std::make_shared<const SystemView>(std::move(*view));
    }
    return {};
}

std::unique_ptr<MemoryGuard> Sandbox::guard_for(const Job& job) const {
    if (!make_guard_ || !job.cgroups.empty() || job.limits.memory_bytes == 0) {
        return nullptr;
    }
    // Without one RLIMIT_DATA still keeps the machine safe.
    auto guard = make_guard_(job.limits);
    return guard ? std::move(*guard) : nullptr;
}

Result<Run> Sandbox::run(const Job& job) const {
    auto ends = open_ends(job);
    if (!ends) {
        return tl::unexpected(ends.error());
    }
    auto confinement = Confinement::make(tier_, bubblewrap_, support_ / launcher_name, scratch_,
                                         job.with_compiler ? *compiler_view_ : *view_, job);
    if (!confinement) {
        return tl::unexpected(confinement.error());
    }
    ChildPlan plan;
    plan.argv = confinement->command();
    plan.environment = confinement->environment();
    plan.folder = confinement->folder();
    plan.descriptors = ends->placed;
    plan.cgroups = job.cgroups;
    const std::unique_ptr<MemoryGuard> guard = guard_for(job);
    if (guard) {
        plan.cgroups = guard->entrances();
    }
    plan.oom_score_adj = job.oom_score_adj_floor;
    const Recording recording(job);
    const auto began = std::chrono::steady_clock::now();
    const Result<pid_t> child = start_child(plan);
    if (!child) {
        return tl::unexpected(child.error());
    }
    ends->theirs.clear();
    auto run = collect(*child, std::move(ends->ours), job,
                       tier_ == Tier::namespaces ? EndBy::killing_namespace : EndBy::asking,
                       confinement->disk_watch(job.limits.folder_bytes));
    if (run) {
        run->began = began;
        const bool was_killed = run->ending == Ending::lost || run->status.killed_by(SIGKILL);
        if (job.shared_memory) {
            auto written = written_part(ends->shared_memory);
            if (!written) {
                return tl::unexpected(written.error());
            }
            run->shared_memory = std::move(*written);
        }
        run->out_of_memory = guard && was_killed && run->ending != Ending::timed_out && guard->has_killed();
        recording.finish(*run);
    }
    return run;
}

}  // namespace vmlab::process
