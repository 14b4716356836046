#include "process/sandbox/requirements.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <array>

#include "vmlab/process/limits.hpp"

namespace vmlab::process {

namespace {

struct Need {
    __rlimit_resource resource;
    const char* what;
    rlim_t least;
    rlim_t unit;
    const char* option;  ///< of the shell's ulimit
};

}  // namespace

Result<void> require_limits() {
    const Limits limits;
    // Valgrind needs address space of its own beside that of the program.
    const std::array<Need, 5> needs{{
        {RLIMIT_AS, "MiB of address space", 4ULL << 30U, 1U << 20U, "-v"},
        {RLIMIT_DATA, "MiB of data", limits.data_bytes, 1U << 20U, "-d"},
        {RLIMIT_FSIZE, "MiB may be in a file", limits.file_bytes, 1U << 20U, "-f"},
        {RLIMIT_STACK, "MiB of stack", limits.stack_bytes, 1U << 20U, "-s"},
        {RLIMIT_CPU, "seconds of processor time", limits.cpu_seconds, 1, "-t"},
    }};
    for (const Need& need : needs) {
        struct rlimit present = {};
        if (::getrlimit(need.resource, &present) != 0) {
            return failed_call("getrlimit");
        }
        if (present.rlim_max < need.least) {
            return machine_lacks(
                fmt::format("a limit of this shell or machine is too low for the lab: {} {}, and it needs {}",
                            present.rlim_max / need.unit, need.what, need.least / need.unit),
                fmt::format("lift that limit: ulimit {} unlimited (in the shell that set it, or as root)",
                            need.option));
        }
    }
    return {};
}

Result<void> require_execution(const std::filesystem::path& folder, const std::string& fix) {
    struct statvfs facts {};
    if (::statvfs(folder.c_str(), &facts) == 0 && (facts.f_flag & ST_NOEXEC) != 0) {
        return machine_lacks(
            fmt::format("no program can be executed in {}: it is mounted with noexec", folder.string()), fix);
    }
    return {};
}

}  // namespace vmlab::process
