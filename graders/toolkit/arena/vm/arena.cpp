#include "arena/vm/arena.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <list>
#include <stop_token>
#include <system_error>
#include <utility>

#include "arena/vm/input.hpp"
#include "arena/vm/report.hpp"
#include "arena/vm/snapshot.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;

bool is_worth_another_try(AttemptEnd end) {
    return end == AttemptEnd::broke_off || end == AttemptEnd::failed;
}

}  // namespace

// What one run is done with.
struct VmArena::Setting {
    const process::Sandbox& sandbox;
    const Request& request;
    const VmOrder& order;
    Machine machine;
    fs::path disk;
    const process::TemporaryFolder& folder;
};

void VmArena::remember_proof(unsigned memory_mib) const {
    if (parts_.cache) {
        parts_.cache->set_proven(memory_mib);
    }
}

void VmArena::say(std::string_view line) const {
    if (parts_.on_progress) {
        parts_.on_progress(line);
    }
}

process::Result<fs::path> VmArena::reachable(const process::Sandbox& sandbox, const fs::path& file,
                                             const std::string& name) const {
    if (sandbox.tier() != process::Tier::separate_user) {
        return file;
    }
    // Nothing is shown to another user at another place there, and a home folder is closed to it.
    const std::lock_guard lock(copying_);
    const fs::path copy = parts_.folder.path() / name;
    std::error_code error;
    fs::copy_file(file, copy, fs::copy_options::skip_existing, error);
    if (error || ::chmod(copy.c_str(), 0644) != 0) {
        return process::failed(
            fmt::format("copy {} to {}: {}", file.string(), copy.string(), error.message()),
            "Free space in the system's temporary folder, or name another one by TMPDIR.");
    }
    return copy;
}

process::Result<SavedState> VmArena::state(const Setting& setting,
                                           const std::optional<SavedState>& bad) const {
    return parts_.cache->state(setting.machine.memory_mib, bad, [&]() -> process::Result<fs::path> {
        say(fmt::format("building the VM arena's snapshot ({} MiB; once, takes some 5 s) ...",
                        setting.machine.memory_mib));
        const auto kernel = reachable(setting.sandbox, parts_.files.kernel, "kernel");
        const auto initramfs = reachable(setting.sandbox, parts_.files.initramfs, "initramfs");
        if (!kernel || !initramfs) {
            return tl::unexpected(kernel ? initramfs.error() : kernel.error());
        }
        std::stop_source end;
        std::list<std::stop_callback<std::function<void()>>> stops;
        for (const Contestant& contestant : setting.request.contestants) {
            stops.emplace_back(contestant.job.stop, [end]() mutable { end.request_stop(); });
        }
        const fs::path folder = setting.folder.path() / "snapshot";
        std::error_code error;
        fs::remove_all(folder, error);
        fs::create_directory(folder, error);
        return take_snapshot(setting.sandbox, setting.machine, {*kernel, *initramfs}, folder,
                             parts_.boot_patience, end.get_token());
    });
}

Attempt VmArena::restore(const Setting& setting, const SavedState& saved) const {
    const auto file = reachable(setting.sandbox, saved.file,
                                fmt::format("{}-{}", setting.machine.memory_mib, saved.identity));
    if (!file) {
        return {AttemptEnd::silent, tl::unexpected(file.error())};
    }
    return attempt(setting.sandbox, setting.machine.restore(*file, setting.disk), setting.request,
                   setting.order, parts_.first_word);
}

Attempt VmArena::boot(const Setting& setting) const {
    const auto kernel = reachable(setting.sandbox, parts_.files.kernel, "kernel");
    const auto initramfs = reachable(setting.sandbox, parts_.files.initramfs, "initramfs");
    if (!kernel || !initramfs) {
        return {AttemptEnd::silent, tl::unexpected(kernel ? initramfs.error() : kernel.error())};
    }
    return attempt(setting.sandbox, setting.machine.boot({*kernel, *initramfs}, setting.disk),
                   setting.request, setting.order, parts_.boot_patience + parts_.first_word);
}

process::Result<Outcome> VmArena::run(const process::Sandbox& sandbox, const Request& request) const {
    auto order = vm_order(request);
    if (!order) {
        return tl::unexpected(order.error());
    }
    order->wall += parts_.more_wall;
    const auto memory_mib = vm_memory_mib(order->machine_bytes);
    if (!memory_mib) {
        return tl::unexpected(memory_mib.error());
    }
    const auto folder = process::TemporaryFolder::create();
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const auto disk = make_vm_disk(folder->path(), order->order, order->files);
    if (!disk) {
        return tl::unexpected(disk.error());
    }
    const Setting setting{sandbox, request, *order, Machine{parts_.qemu, *memory_mib}, *disk, *folder};

    std::optional<SavedState> bad;
    for (int tries = 0; parts_.cache && !parts_.always_boot && tries < 2; ++tries) {
        const auto saved = state(setting, bad);
        if (!saved && user_has_stopped(request)) {
            return VmReport(request, 0).finish(process::Ending::stopped);
        }
        if (!saved && saved.error().kind == process::ErrorKind::machine_lacks) {
            return tl::unexpected(saved.error());
        }
        if (!saved) {
            say(fmt::format("the VM arena boots for every run: {}", saved.error().what));
            break;
        }
        Attempt restored = restore(setting, *saved);
        if (restored.end != AttemptEnd::silent) {
            return is_worth_another_try(restored.end) ? restore(setting, *saved).outcome
                                                      : std::move(restored.outcome);
        }
        bad = *saved;
    }
    Attempt booted = boot(setting);
    return is_worth_another_try(booted.end) ? boot(setting).outcome : std::move(booted.outcome);
}

}  // namespace vmlab::arena
