#include "arena/vm/snapshot.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <string>
#include <system_error>

#include "arena/vm/input.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_console_bytes = 64U << 20U;

std::string text_of(const fs::path& file) {
    return process::read_file(file, most_console_bytes).value_or("");
}

process::Error why_not(const process::Run& run, const fs::path& folder) {
    const std::string console = text_of(folder / "console");
    const std::string errors = text_of(folder / "errors") + run.err;
    if (console.find(vm_ready_line) != std::string::npos) {
        return {process::ErrorKind::failed,
                fmt::format("the VM arena's snapshot could not be written ({}): {}", run.describe(),
                            last_lines(errors)),
                "Free space in the system's temporary folder, or name another one by TMPDIR."};
    }
    if (run.ending == process::Ending::stopped) {
        return {process::ErrorKind::failed, "the building of the VM arena's snapshot was stopped", {}};
    }
    return {process::ErrorKind::machine_lacks,
            fmt::format("the VM arena's guest does not boot ({}); its console's last lines:\n{}{}{}",
                        run.describe(), last_lines(console), errors.empty() ? "" : "\nQEMU's:\n",
                        errors.empty() ? "" : last_lines(errors)),
            "scripts/setup --vm fetches a kernel that boots; VMLAB_KERNEL, where it is set, names another"};
}

}  // namespace

process::Result<fs::path> take_snapshot(const process::Sandbox& sandbox, const Machine& machine,
                                        const GuestFiles& files, const fs::path& folder,
                                        std::chrono::milliseconds patience, const std::stop_token& stop) {
    if (auto disk = make_empty_vm_disk(folder); !disk) {
        return tl::unexpected(disk.error());
    }
    process::Job job = machine.snapshot(files, folder);
    job.limits.wall = patience;
    job.stop = stop;
    const auto run = sandbox.run(job);
    if (!run) {
        return tl::unexpected(run.error());
    }
    struct stat facts {};
    const fs::path state = folder / "state";
    // The folder was the run's own: what is there must be looked at as it is, no link followed.
    const bool is_file = ::lstat(state.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0;
    if (!run->succeeded() || !is_file) {
        return tl::unexpected(why_not(*run, folder));
    }
    return state;
}

}  // namespace vmlab::arena
