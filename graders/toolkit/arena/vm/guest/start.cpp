#include "arena/vm/guest/start.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "arena/vm/guest/kernel_files.hpp"

namespace vmlab::guest {
namespace {

// Everything that the new process needs, made before it is: between fork and execve it asks for no memory.
struct Plan {
    const arena::wire::Program* program = nullptr;
    std::string folder;
    uid_t user = 0;
    std::vector<char*> argv;
    std::vector<char*> environment;
    std::vector<std::string> variables;
    std::string first_adj;   // written as root: it sets the floor too
    std::string second_adj;  // written as the program's user; empty: nothing
    process::Descriptor input;
    int out = -1;
    int err = -1;
    int go = -1;
    int failed = -1;
};

[[noreturn]] void give_up(const Plan& plan) {
    const int number = errno;
    (void)!::write(plan.failed, &number, sizeof number);
    ::_exit(127);
}

void require(const Plan& plan, bool done) {
    if (!done) {
        give_up(plan);
    }
}

void set_limit(const Plan& plan, __rlimit_resource resource, std::uint64_t value, bool none_if_zero = true) {
    if (value == 0 && none_if_zero) {
        return;
    }
    const rlimit both{value, value};
    require(plan, ::setrlimit(resource, &both) == 0);
}

void write_adj(const Plan& plan, const std::string& value) {
    const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    require(plan, file >= 0 && ::write(file, value.data(), value.size()) > 0);
    ::close(file);
}

void drop_rights(const Plan& plan) {
    for (unsigned long capability = 0; capability < 64; ++capability) {
        (void)::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    require(plan, ::setgroups(0, nullptr) == 0 && ::setresgid(plan.user, plan.user, plan.user) == 0 &&
                      ::setresuid(plan.user, plan.user, plan.user) == 0 &&
                      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    // setresuid(2) cleared it, and with it the right to one's own /proc files.
    (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) {
        (void)::signal(signal, SIG_DFL);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become_program(const Plan& plan) {
    const arena::wire::Program& program = *plan.program;
    ::setsid();
    reset_signals();
    require(plan, ::dup2(plan.input.get(), 0) == 0 && ::dup2(plan.out, 1) == 1 && ::dup2(plan.err, 2) == 2);
    char released = 0;
    require(plan, ::read(plan.go, &released, 1) == 1);

    write_adj(plan, plan.first_adj);
    set_limit(plan, RLIMIT_CORE, 0, false);
    set_limit(plan, RLIMIT_CPU, program.cpu_seconds);
    set_limit(plan, RLIMIT_FSIZE, program.file_bytes);
    set_limit(plan, RLIMIT_NOFILE, program.open_files);
    set_limit(plan, RLIMIT_AS, program.address_space_bytes);
    set_limit(plan, RLIMIT_DATA, program.data_bytes);
    set_limit(plan, RLIMIT_STACK, program.stack_bytes);
    set_limit(plan, RLIMIT_MEMLOCK, program.locked_bytes);
    if (!program.huge_pages) {
        (void)::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
    if (!program.as_root) {
        set_limit(plan, RLIMIT_NPROC, program.processes);
        drop_rights(plan);
    }
    if (!plan.second_adj.empty()) {
        write_adj(plan, plan.second_adj);
    }
    ::umask(022);
    require(plan, ::chdir(plan.folder.c_str()) == 0);
    (void)::execve(plan.argv[0], plan.argv.data(), plan.environment.data());
    give_up(plan);
}

process::Result<process::Descriptor> input_file(const std::string& content) {
    process::Descriptor file(::memfd_create("input", MFD_CLOEXEC));
    if (!file ||
        ::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
        return process::failed_call("memfd_create");
    }
    (void)::lseek(file.get(), 0, SEEK_SET);
    return file;
}

uid_t user_of(const arena::wire::Program& program, std::size_t position) {
    return program.as_root ? 0 : first_user + static_cast<uid_t>(position);
}

/// Under a name that no checkout lies under: files come into the guest with their paths of the host.
constexpr const char* working_folders = "/vmlab-work";

std::string working_folder(std::size_t position) {
    return fmt::format("{}/{}", working_folders, position);
}

process::Result<void> fill(Plan& plan, const arena::wire::Program& program, std::size_t position) {
    plan.program = &program;
    plan.user = user_of(program, position);
    plan.folder = working_folder(position);
    if (!plan.input) {
        auto input = input_file(program.input);
        if (!input) {
            return tl::unexpected(input.error());
        }
        plan.input = std::move(*input);
    }
    const std::string adj = fmt::format("{}", program.oom_score_adj.value_or(0));
    plan.first_adj = program.oom_score_adj_floor ? fmt::format("{}", *program.oom_score_adj_floor) : adj;
    plan.second_adj = program.oom_score_adj_floor ? adj : "";
    for (const auto& [name, value] : program.environment) {
        plan.variables.push_back(fmt::format("{}={}", name, value));
    }
    for (std::string& variable : plan.variables) {
        plan.environment.push_back(variable.data());
    }
    plan.environment.push_back(nullptr);
    for (const std::string& word : program.argv) {
        plan.argv.push_back(const_cast<char*>(word.c_str()));
    }
    plan.argv.push_back(nullptr);
    return {};
}

struct Pipe {
    process::Descriptor read;
    process::Descriptor write;
};

process::Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return process::failed_call("pipe2");
    }
    return Pipe{process::Descriptor(ends[0]), process::Descriptor(ends[1])};
}

void never_wait(const process::Descriptor& file) {
    (void)::fcntl(file.get(), F_SETFL, O_NONBLOCK);
}

}  // namespace

process::Result<void> make_working_folder(const arena::wire::Program& program, std::size_t position) {
    (void)::mkdir(working_folders, 0755);
    const std::string folder = working_folder(position);
    const uid_t user = user_of(program, position);
    const std::string options = fmt::format("size=8m,nr_inodes=1k,mode=700,uid={},gid={}", user, user);
    if (::mkdir(folder.c_str(), 0755) != 0 ||
        ::mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
        return process::failed_call("mount", folder);
    }
    return {};
}

process::Result<Newborn> make_process(const arena::wire::Program& program, std::size_t position,
                                      const std::string& cgroup, process::Descriptor input) {
    Plan plan;
    plan.input = std::move(input);
    if (auto filled = fill(plan, program, position); !filled) {
        return tl::unexpected(filled.error());
    }
    auto out = make_pipe();
    auto err = make_pipe();
    auto go = make_pipe();
    auto failed = make_pipe();
    if (!out || !err || !go || !failed) {
        return process::failed("the guest cannot make a pipe");
    }
    plan.out = out->write.get();
    plan.err = err->write.get();
    plan.go = go->read.get();
    plan.failed = failed->write.get();

    const pid_t pid = ::fork();
    if (pid < 0) {
        return process::failed_call("fork");
    }
    if (pid == 0) {
        become_program(plan);
    }
    if (!write_to(cgroup + "/cgroup.procs", std::to_string(pid))) {
        return process::failed_call("write", cgroup + "/cgroup.procs");
    }
    for (const process::Descriptor* file : {&out->read, &err->read, &failed->read}) {
        never_wait(*file);
    }
    return Newborn{pid, std::move(out->read), std::move(err->read), std::move(go->write),
                   std::move(failed->read)};
}

void release(Newborn& newborn) {
    (void)!::write(newborn.go.get(), "g", 1);
    newborn.go.reset();
}

}  // namespace vmlab::guest
