#include "process/sandbox/confinement.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <system_error>
#include <utility>

#include "process/sandbox/footprint.hpp"
#include "process/sandbox/launch_protocol.hpp"

namespace vmlab::process {

namespace {

/// The working folder inside the namespaces tier: under a name that no checkout lies under, since what is
/// shown in the sandbox must not appear in it.
constexpr const char* inner_folder = "/vmlab-work";

/// All of /etc that is shown: where libraries are found, and links between programs.
constexpr std::array<const char*, 2> system_files{"/etc/ld.so.cache", "/etc/alternatives"};

/// Since Linux 5.14 RLIMIT_NPROC counts a user namespace's own processes; before, all of the user's
/// (getrlimit(2)).
bool counts_processes_per_namespace() {
    utsname name{};
    ::uname(&name);
    char* rest = nullptr;
    const long major = std::strtol(name.release, &rest, 10);
    const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
    return major > 5 || (major == 5 && minor >= 14);
}

void append(std::vector<std::string>& command, std::initializer_list<std::string> words) {
    command.insert(command.end(), words);
}

/// A private folder of limited size in memory.
void append_tmpfs(std::vector<std::string>& command, std::uint64_t bytes, const std::string& permissions,
                  const std::string& path) {
    append(command, {"--size", std::to_string(bytes), "--perms", permissions, "--tmpfs", path});
}

/// bubblewrap makes missing parents for its own user alone, and the program is another user: make them first.
void append_parents(std::vector<std::string>& command, const std::filesystem::path& path) {
    std::filesystem::path parent;
    for (const std::filesystem::path& part : path.parent_path()) {
        parent /= part;
        if (parent != "/" && parent != "/tmp") {
            append(command, {"--perms", "0755", "--dir", parent.string()});
        }
    }
}

/// Shows a file or folder of the host at the same place.
void append_bind(std::vector<std::string>& command, const char* how, const std::filesystem::path& path) {
    append_parents(command, path);
    append(command, {how, path.string(), path.string()});
}

/// The distribution's read-only part of the machine.
void append_system(std::vector<std::string>& command, const SystemView& view) {
    for (const std::filesystem::path& path : view.shown) {
        std::error_code error;
        if (std::filesystem::is_symlink(path, error)) {
            append_parents(command, path);
            append(command,
                   {"--symlink", std::filesystem::read_symlink(path, error).string(), path.string()});
        } else {
            append_bind(command, "--ro-bind", path);
        }
    }
    for (const std::filesystem::path& path : view.covered) {
        std::error_code error;
        if (std::filesystem::is_directory(path, error)) {
            append(command, {"--perms", "0755", "--tmpfs", path.string()});
        } else {
            append(command, {"--ro-bind", "/dev/null", path.string()});
        }
    }
    // bubblewrap would make it 0700: then the run's own uid could not read the loader's cache, and each
    // library is looked for in two dozen places.
    append(command, {"--perms", "0755", "--dir", "/etc"});
    for (const char* name : system_files) {
        append(command, {"--ro-bind-try", name, name});
    }
}

/// What covers, and the folders that lead to what is shown, take nothing from a program.
void append_locks(std::vector<std::string>& command, const SystemView& view) {
    for (const std::filesystem::path& path : view.covered) {
        append(command, {"--remount-ro", path.string()});
    }
    append(command, {"--remount-ro", "/"});
}

/// The same part of the machine without a mount namespace: a Landlock domain (landlock(7)). /proc is guarded
/// by its permissions.
std::vector<std::string> view_of(const Job& job, const SystemView& view,
                                 const std::filesystem::path& launcher, const std::filesystem::path& folder) {
    std::vector<std::string> options;
    for (const std::filesystem::path& path : without_covered(view)) {
        append(options, {"--show", path.string()});
    }
    for (const char* name : system_files) {
        append(options, {"--show", name});
    }
    append(options, {"--show", launcher.string()});
    for (const std::filesystem::path& path : job.readable) {
        append(options, {"--show", path.string()});
    }
    // Of /dev not all: /dev/shm holds what others keep there.
    for (const char* name : {"/proc", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
                             "/dev/tty", "/dev/ptmx", "/dev/pts"}) {
        append(options, {"--show-writable", name});
    }
    append(options, {"--show-writable", folder.string()});
    for (const std::filesystem::path& path : job.writable) {
        append(options, {"--show-writable", path.string()});
    }
    return options;
}

}  // namespace

Confinement::Confinement(Confinement&& other) noexcept
    : tier_(other.tier_),
      user_(std::move(other.user_)),
      folder_(std::exchange(other.folder_, {})),
      variables_(std::move(other.variables_)),
      command_(std::move(other.command_)) {}

Confinement::~Confinement() {
    if (!folder_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
}

Result<Confinement> Confinement::make(Tier tier, const std::filesystem::path& bubblewrap,
                                      const std::filesystem::path& launcher,
                                      const std::filesystem::path& scratch, const SystemView& view,
                                      const Job& job) {
    Confinement made;
    made.tier_ = tier;
    if (tier != Tier::none && RunUser::is_possible()) {
        auto user = RunUser::claim();
        if (!user) {
            return tl::unexpected(user.error());
        }
        made.user_ = std::move(*user);
    }
    if (const Result<void> done = made.own_folders(scratch, job); !done) {
        return tl::unexpected(done.error());
    }
    made.variables_ = {{"PATH", "/usr/bin:/bin"},
                       {"LC_ALL", "C"},
                       {"HOME", tier == Tier::namespaces ? inner_folder : made.folder_.string()}};
    if (tier != Tier::namespaces) {
        // Compilers and Valgrind make files of their own: not every user may make them in /tmp.
        made.variables_["TMPDIR"] = made.folder_.string();
    }
    if (tier == Tier::namespaces) {
        made.add_bubblewrap(bubblewrap, launcher, view, job);
    }
    made.add_launcher(launcher, view, job);
    made.add_program(launcher, job);
    return made;
}

Result<void> Confinement::own_folders(const std::filesystem::path& scratch, const Job& job) {
    if (tier_ != Tier::namespaces) {
        std::string path = (scratch / "run.XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr) {
            return failed_call("mkdtemp", path);
        }
        folder_ = path;
    }
    if (!user_) {
        return {};
    }
    std::vector<std::filesystem::path> owned = job.writable;
    if (!folder_.empty()) {
        owned.push_back(folder_);
    }
    for (const std::filesystem::path& folder : owned) {
        if (::chown(folder.c_str(), user_->uid(), user_->gid()) != 0) {
            return failed_call("chown", folder.string());
        }
    }
    return {};
}

void Confinement::add_bubblewrap(const std::filesystem::path& bubblewrap,
                                 const std::filesystem::path& launcher, const SystemView& view,
                                 const Job& job) {
    append(command_, {bubblewrap.string(), "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
                      "--unshare-cgroup-try", "--die-with-parent", "--new-session", "--hostname", "vmlab"});
    if (user_) {
        // The launcher becomes another user and so loses every capability.
        append(command_, {"--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"});
    } else {
        append(command_, {"--unshare-user", "--cap-drop", "ALL"});
    }
    append_system(command_, view);
    append(command_, {"--proc", "/proc", "--dev", "/dev"});
    append_tmpfs(command_, job.limits.folder_bytes, "1777", "/dev/shm");
    append(command_, {"--remount-ro", "/dev"});
    append_tmpfs(command_, job.limits.folder_bytes, "1777", "/tmp");
    append_tmpfs(command_, job.limits.folder_bytes, "1777", inner_folder);
    append_bind(command_, "--ro-bind", launcher);
    for (const std::filesystem::path& path : job.readable) {
        append_bind(command_, "--ro-bind", path);
    }
    for (const std::filesystem::path& path : job.writable) {
        append_bind(command_, "--bind", path);
    }
    append_locks(command_, view);
    append(command_, {"--chdir", inner_folder, "--"});
}

namespace {

/// What this process may allow its children.
rlim_t most_locked() {
    struct rlimit present = {};
    return ::getrlimit(RLIMIT_MEMLOCK, &present) == 0 ? present.rlim_max : 0;
}

}  // namespace

std::vector<std::string> Confinement::program_options(const Job& job) const {
    const Limits& limits = job.limits;
    std::vector<std::string> options = {"--limit-core", "0"};
    const auto add = [&options](const char* name, std::uint64_t value) {
        if (value != 0) {
            append(options, {name, std::to_string(value)});
        }
    };
    add("--limit-cpu", limits.cpu_seconds);
    add("--limit-fsize", limits.file_bytes);
    add("--limit-nofile", limits.open_files);
    add("--limit-as", limits.address_space_bytes);
    add("--limit-data", limits.data_bytes);
    add("--limit-stack", limits.stack_bytes);
    add("--limit-memlock", std::min<std::uint64_t>(limits.locked_bytes, most_locked()));
    if (user_ || (tier_ == Tier::namespaces && counts_processes_per_namespace())) {
        add("--limit-nproc", limits.processes);
    }
    add("--touch-first", job.start.resident_bytes_before);
    if (job.start.oom_score_adj != 0) {
        append(options, {"--oom-score-adj", std::to_string(job.start.oom_score_adj)});
    }
    if (!job.start.huge_pages) {
        append(options, {"--no-huge-pages"});
    }
    if (!job.start.random_addresses) {
        append(options, {"--no-random-addresses"});
    }
    if (!job.start.called.empty()) {
        append(options, {"--called", job.start.called});
    }
    // Set by the launcher, not around it: a preloaded library must not reach bubblewrap or strace.
    for (const auto& [name, value] : job.environment) {
        append(options, {"--env", fmt::format("{}={}", name, value)});
    }
    return options;
}

void Confinement::add_launcher(const std::filesystem::path& launcher, const SystemView& view,
                               const Job& job) {
    append(command_, {launcher.string(), "run", "--status", std::to_string(status_descriptor)});
    if (user_) {
        append(command_, {"--user", std::to_string(user_->uid())});
    }
    if (tier_ != Tier::namespaces) {
        append(command_, {"--kill-descendants"});
    }
    if (tier_ == Tier::separate_user) {
        const std::vector<std::string> options = view_of(job, view, launcher, folder_);
        command_.insert(command_.end(), options.begin(), options.end());
    }
    if (job.oom_score_adj_floor) {
        append(command_, {"--oom-score-adj", "0"});
    }
    for (const int number : job.channels) {
        append(command_, {"--keep", std::to_string(number)});
    }
    if (job.shared_memory) {
        append(command_, {"--keep", std::to_string(*job.shared_memory)});
    }
    if (job.stderr_as) {
        append(command_, {"--no-announce", "--keep", std::to_string(*job.stderr_as), "--keep",
                          std::to_string(filter_descriptor)});
    } else {
        append(command_, {"--filter", std::to_string(filter_descriptor)});
        const std::vector<std::string> more = program_options(job);
        command_.insert(command_.end(), more.begin(), more.end());
    }
    append(command_, {"--"});
}

void Confinement::add_program(const std::filesystem::path& launcher, const Job& job) {
    for (const std::string& word : job.argv) {
        if (word != "{launch}") {
            append(command_, {word});
            continue;
        }
        append(command_, {launcher.string(), "exec", "--status", std::to_string(status_descriptor),
                          "--filter", std::to_string(filter_descriptor)});
        if (job.stderr_as) {
            append(command_, {"--stderr-from", std::to_string(*job.stderr_as)});
        }
        for (const int number : job.channels) {
            if (number != 2) {
                append(command_, {"--keep", std::to_string(number)});
            }
        }
        const std::vector<std::string> more = program_options(job);
        command_.insert(command_.end(), more.begin(), more.end());
        append(command_, {"--"});
    }
}

std::function<bool()> Confinement::disk_watch(std::uint64_t bytes) const {
    if (folder_.empty() || !user_ || bytes == 0) {
        return {};
    }
    return [folder = folder_, uid = user_->uid(), bytes] { return fills_disk(folder, uid, bytes); };
}

std::vector<std::string> Confinement::environment() const {
    std::vector<std::string> result;
    for (const auto& [name, value] : variables_) {
        result.push_back(fmt::format("{}={}", name, value));
    }
    return result;
}

}  // namespace vmlab::process
