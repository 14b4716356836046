#include "arena/vm/cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "arena/vm/kernel.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using process::Descriptor;

constexpr std::string_view guest_prefix = "guest-";
constexpr std::string_view part_name = "part";  // a guest that is being made
constexpr auto patience_for_builder = 5min;

std::string fix_of(const fs::path& folder) {
    return fmt::format("Free space in {}, or name another cache folder by XDG_CACHE_HOME.", folder.string());
}

// FNV-1a: only to name a folder; whether it is the right one is told by the recipe in it.
std::string short_name_of(std::string_view recipe) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : recipe) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return fmt::format("{}{:016x}", guest_prefix, hash);
}

// Released when the descriptor is closed, so also when its owner is killed.
process::Result<Descriptor> lock(const fs::path& file, int how, const std::function<void()>& on_wait) {
    Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!descriptor) {
        return process::failed_call("open", file.string());
    }
    const auto deadline = std::chrono::steady_clock::now() + patience_for_builder;
    for (bool waited = false; ::flock(descriptor.get(), how | LOCK_NB) != 0; waited = true) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return process::failed_call("flock", file.string());
        }
        if (!waited && on_wait) {
            on_wait();
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return process::failed(fmt::format("another grader holds {} and does not let go", file.string()),
                                   "End the other grader, or run this one again.");
        }
        std::this_thread::sleep_for(20ms);
    }
    return descriptor;
}

std::string identity_of(const fs::path& file) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0) {
        return {};
    }
    return fmt::format("{}-{}-{}.{:09}", facts.st_ino, facts.st_size, facts.st_mtim.tv_sec,
                       facts.st_mtim.tv_nsec);
}

// A file that its owner forgot, or a guest that nobody uses: removed unless somebody holds its lock.
void remove_unless_used(const fs::path& guest) {
    const Descriptor in_use(::open((guest / "in-use").c_str(), O_RDWR | O_CLOEXEC));
    if (in_use && ::flock(in_use.get(), LOCK_EX | LOCK_NB) != 0) {
        return;
    }
    std::error_code error;
    fs::remove_all(guest, error);
}

// Below the lock of the whole folder.
void remove_stale(const fs::path& folder, const fs::path& ours) {
    std::error_code error;
    fs::remove_all(folder / part_name, error);  // of a grader that died: a living one has the lock
    std::vector<std::pair<fs::file_time_type, fs::path>> others;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        std::error_code ignored;
        if (name.starts_with(guest_prefix) && entry->path() != ours) {
            others.emplace_back(fs::last_write_time(entry->path() / "in-use", ignored), entry->path());
        }
    }
    std::sort(others.begin(), others.end());
    // Two builds of this lab on one machine (a student's and the tests') shall not throw each other out.
    for (std::size_t i = 0; i + 1 < others.size(); ++i) {
        remove_unless_used(others[i].second);
    }
}

process::Result<void> make_guest(const fs::path& folder, const fs::path& guest, const std::string& recipe,
                                 const std::function<process::Result<GuestFiles>(const fs::path&)>& write) {
    const fs::path part = folder / part_name;
    std::error_code error;
    fs::create_directory(part, error);
    if (error) {
        return process::failed(fmt::format("mkdir {}: {}", part.string(), error.message()), fix_of(folder));
    }
    const auto written = write(part);
    process::Result<void> done;
    if (!written) {
        done = tl::unexpected(written.error());
    } else if (auto kept = process::write_file_atomically(part / "recipe", recipe); !kept) {
        done = tl::unexpected(kept.error());
    } else {
        fs::remove_all(guest, error);
        fs::rename(part, guest, error);
        if (error) {
            done = process::failed(fmt::format("rename {}: {}", part.string(), error.message()));
        }
    }
    if (!done) {
        fs::remove_all(part, error);
        if (done.error().fix.empty()) {
            done.error().fix = fix_of(folder);
        }
    }
    return done;
}

bool is_complete(const fs::path& guest, const std::string& recipe) {
    const auto kept = process::read_file(guest / "recipe");
    return kept && *kept == recipe && fs::exists(guest / "kernel") && fs::exists(guest / "initramfs");
}

}  // namespace

fs::path vm_cache_folder() {
    return kernel_folder().parent_path();
}

std::uint64_t vm_cache_bytes() {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(vm_cache_folder(), error), end; !error && entry != end;
         entry.increment(error)) {
        struct stat facts {};
        if (::lstat(entry->path().c_str(), &facts) == 0) {
            bytes += static_cast<std::uint64_t>(facts.st_blocks) * 512U;
        }
    }
    return bytes;
}

VmCache::VmCache(fs::path folder, fs::path guest, Descriptor in_use, std::function<void()> on_wait)
    : folder_(std::move(folder)),
      guest_(std::move(guest)),
      in_use_(std::move(in_use)),
      on_wait_(std::move(on_wait)) {}

process::Result<VmCache> VmCache::open(
    const fs::path& folder, const std::string& recipe,
    const std::function<process::Result<GuestFiles>(const fs::path&)>& write,
    const std::function<void()>& on_wait) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        return process::failed(fmt::format("mkdir {}: {}", folder.string(), error.message()), fix_of(folder));
    }
    const auto building = lock(folder / "lock", LOCK_EX, on_wait);
    if (!building) {
        return tl::unexpected(building.error());
    }
    const fs::path guest = folder / short_name_of(recipe);
    remove_stale(folder, guest);
    if (!is_complete(guest, recipe)) {
        if (auto made = make_guest(folder, guest, recipe, write); !made) {
            return tl::unexpected(made.error());
        }
    }
    auto in_use = lock(guest / "in-use", LOCK_SH, {});
    if (!in_use) {
        return tl::unexpected(in_use.error());
    }
    (void)::futimens(in_use->get(), nullptr);  // the time of its last use
    return VmCache(folder, guest, std::move(*in_use), on_wait);
}

GuestFiles VmCache::files() const {
    return {.kernel = guest_ / "kernel", .initramfs = guest_ / "initramfs"};
}

fs::path VmCache::state_file(unsigned memory_mib) const {
    return guest_ / fmt::format("{}M.state", memory_mib);
}

fs::path VmCache::proof_file(unsigned memory_mib) const {
    return guest_ / fmt::format("{}M.proven", memory_mib);
}

process::Result<SavedState> VmCache::state(unsigned memory_mib, const std::optional<SavedState>& bad,
                                           const std::function<process::Result<fs::path>()>& build) const {
    const fs::path file = state_file(memory_mib);
    const auto is_good = [&bad](const std::string& identity) {
        return !identity.empty() && !(bad && bad->identity == identity);
    };
    if (std::string identity = identity_of(file); is_good(identity)) {
        return SavedState{file, std::move(identity)};
    }
    const auto building = lock(folder_ / "lock", LOCK_EX, on_wait_);
    if (!building) {
        return tl::unexpected(building.error());
    }
    if (std::string identity = identity_of(file); is_good(identity)) {
        return SavedState{file, std::move(identity)};  // somebody else has built it meanwhile
    }
    const auto built = build();
    if (!built) {
        return tl::unexpected(built.error());
    }
    const fs::path part = guest_ / fmt::format("{}M.part", memory_mib);
    std::error_code error;
    fs::copy_file(*built, part, fs::copy_options::overwrite_existing, error);
    if (!error && ::chmod(part.c_str(), 0644) == 0) {
        fs::rename(part, file, error);
    }
    if (error) {
        std::error_code ignored;
        fs::remove(part, ignored);
        return process::failed(fmt::format("keep the snapshot in {}: {}", guest_.string(), error.message()),
                               fix_of(folder_));
    }
    return SavedState{file, identity_of(file)};
}

bool VmCache::is_proven(unsigned memory_mib) const {
    const auto proof = process::read_file(proof_file(memory_mib));
    return proof && !proof->empty() && *proof == identity_of(state_file(memory_mib));
}

void VmCache::set_proven(unsigned memory_mib) const {
    // Without it the next grader proves it again.
    (void)process::write_file_atomically(proof_file(memory_mib), identity_of(state_file(memory_mib)));
}

}  // namespace vmlab::arena
