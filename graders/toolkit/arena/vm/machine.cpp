#include "arena/vm/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "vmlab/process/tools.hpp"

namespace vmlab::arena {
namespace {

using namespace std::chrono_literals;
using std::filesystem::path;

constexpr std::array<unsigned, 5> sizes_mib = {128, 256, 512, 1024, 2048};

constexpr int oldest_qemu = 6;  // Ubuntu 22.04 has 6.2

// What makes the guest boot fast under emulation; panic=-1: it reboots at once, and -no-reboot ends QEMU.
constexpr const char* kernel_command_line =
    "console=ttyS0 quiet panic=-1 mitigations=off nokaslr cryptomgr.notests=1 apparmor=0 lsm=capability "
    "audit=0";

// The result port and the console go to descriptors that QEMU can be told of: not the standard ones.
constexpr const char* become_qemu = R"(exec "$@" 4>&1 5>&2)";
constexpr const char* become_qemu_with_state = R"(exec "$@" 3<"$0" 4>&1 5>&2)";

// $0: the folder. QEMU's monitor reads the commands from descriptor 9. Everything that can go wrong ends the
// loops: QEMU's own end, or a state that could not be written.
constexpr const char* snapshot_script = R"(
cd "$0" || exit 1
mkfifo commands || exit 1
( "$@" -qmp stdio <commands >monitor 2>errors 4>/dev/null 5>console; : >ended ) &
exec 9>commands
until_done() { until [ -e ended ] || "$@"; do sleep 0.02; done; [ ! -e ended ]; }
is_ready() { grep -q VMLAB-READY console 2>/dev/null; }
is_written() { [ -e written ] || [ -e unwritten ]; }
until_done is_ready || exit 2
echo '{"execute":"qmp_capabilities"}' >&9
echo '{"execute":"migrate-set-parameters","arguments":{"max-bandwidth":100000000000}}' >&9
echo '{"execute":"migrate","arguments":{"uri":"exec:cat >state 2>>errors && : >written || : >unwritten"}}' >&9
until_done is_written && echo '{"execute":"quit"}' >&9
wait
[ -e written ]
)";

void append(std::vector<std::string>& command, std::initializer_list<std::string> words) {
    command.insert(command.end(), words);
}

std::vector<std::string> machine_words(const Machine& machine) {
    // The emulator alone: a KVM that opens and then does not work is common on nested hosts. Its translated
    // code gets 128 MiB; by default it would take a gigabyte.
    return {machine.qemu.string(),
            "-M",
            "pc",
            "-accel",
            "tcg,tb-size=128",
            "-m",
            fmt::format("{}M", machine.memory_mib),
            "-nodefaults",
            "-display",
            "none",
            "-no-reboot",
            "-device",
            "virtio-blk-pci,drive=d0",
            "-device",
            "virtio-serial-pci",
            "-add-fd",
            "fd=4,set=1",
            "-add-fd",
            "fd=5,set=2",
            "-chardev",
            "file,id=res,path=/dev/fdset/1,append=on",
            "-device",
            "virtserialport,chardev=res,name=res",
            "-chardev",
            "file,id=con,path=/dev/fdset/2,append=on",
            "-serial",
            "chardev:con"};
}

void append_disk(std::vector<std::string>& command, const path& disk) {
    append(command, {"-drive", fmt::format("file={},if=none,id=d0,format=raw,read-only=on", disk.string())});
}

void append_kernel(std::vector<std::string>& command, const GuestFiles& files) {
    append(command, {"-kernel", files.kernel.string(), "-initrd", files.initramfs.string(), "-append",
                     kernel_command_line});
}

void append_own_sandbox(std::vector<std::string>& command) {
    append(command, {"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"});
}

process::Job qemu_job(const Machine& machine, const char* script, const path& subject) {
    process::Job job;
    job.argv = {"/bin/sh", "-c", script, subject.string()};
    const std::vector<std::string> words = machine_words(machine);
    job.argv.insert(job.argv.end(), words.begin(), words.end());
    if (!machine.qemu.string().starts_with("/usr/")) {
        job.readable = {machine.qemu};
    }
    // The guest's memory is QEMU's data. How long it may run is said by whoever runs it.
    job.limits.data_bytes = (static_cast<std::uint64_t>(machine.memory_mib) << 20U) + (1ULL << 30U);
    job.limits.cpu_seconds = 3600;
    job.limits.file_bytes = (static_cast<std::uint64_t>(machine.memory_mib) << 20U) + (256U << 20U);
    return job;
}

}  // namespace

process::Result<unsigned> vm_memory_mib(std::uint64_t bytes) {
    const auto* found = std::find_if(sizes_mib.begin(), sizes_mib.end(), [bytes](unsigned mib) {
        return (static_cast<std::uint64_t>(mib) << 20U) >= bytes;
    });
    if (found == sizes_mib.end()) {
        return process::machine_lacks(
            fmt::format("the VM arena's machine has at most {} MiB of memory, and {} MiB are asked for",
                        sizes_mib.back(), bytes >> 20U),
            "ask for less memory");
    }
    return *found;
}

process::Result<path> find_qemu() {
    auto found = process::find_tool("qemu-system-x86_64", "qemu-system-x86");
    if (!found) {
        found.error().fix = "scripts/setup --vm";
    }
    return found;
}

process::Result<void> check_qemu_version(const path& qemu) {
    process::ToolOptions options;
    options.limits.wall = 30s;
    const auto run = process::run_tool({qemu.string(), "--version"}, options);
    if (!run) {
        return tl::unexpected(run.error());
    }
    int major = 0;
    int minor = 0;
    const std::size_t at = run->out.find("version ");
    if (!run->succeeded() || at == std::string::npos ||
        std::sscanf(run->out.c_str() + at, "version %d.%d", &major, &minor) != 2) {
        return process::machine_lacks(fmt::format("{} does not tell its version ({}: {})", qemu.string(),
                                                  run->describe(), last_lines(run->out + run->err)),
                                      "sudo apt-get install --reinstall qemu-system-x86");
    }
    if (major < oldest_qemu) {
        return process::machine_lacks(fmt::format("{} is QEMU {}.{}, and the VM arena needs {}.0",
                                                  qemu.string(), major, minor, oldest_qemu),
                                      "install qemu-system-x86 of a newer release of this distribution");
    }
    return {};
}

process::Job Machine::boot(const GuestFiles& files, const path& disk) const {
    process::Job job = qemu_job(*this, become_qemu, "vmlab-machine");
    append_own_sandbox(job.argv);
    append_kernel(job.argv, files);
    append_disk(job.argv, disk);
    job.readable.insert(job.readable.end(), {files.kernel, files.initramfs, disk});
    return job;
}

process::Job Machine::restore(const path& state, const path& disk) const {
    process::Job job = qemu_job(*this, become_qemu_with_state, state);
    append_own_sandbox(job.argv);
    append_disk(job.argv, disk);
    append(job.argv, {"-incoming", "fd:3"});
    job.readable.insert(job.readable.end(), {state, disk});
    return job;
}

process::Job Machine::snapshot(const GuestFiles& files, const path& folder) const {
    process::Job job = qemu_job(*this, snapshot_script, folder);
    append_kernel(job.argv, files);
    append_disk(job.argv, folder / "disk");
    job.readable.insert(job.readable.end(), {files.kernel, files.initramfs});
    job.writable = {folder};
    return job;
}

std::string last_lines(const std::string& console) {
    constexpr std::size_t most_bytes = 600;
    constexpr int most_lines = 6;
    std::string text;
    for (const char c : console.substr(console.size() - std::min(console.size(), most_bytes))) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n' || (byte >= 0x20 && byte < 0x7f)) {
            text += c;
        }
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    std::size_t begin = text.size();
    for (int lines = 0; begin > 0 && lines < most_lines; ++lines) {
        const std::size_t newline = text.rfind('\n', begin - 1);
        begin = newline == std::string::npos ? 0 : newline;
    }
    text.erase(0, begin + (begin > 0 ? 1 : 0));
    return text.empty() ? "(nothing)" : text;
}

}  // namespace vmlab::arena
