#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "arena/vm/image.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// Where the VM arena keeps what it has built: ${XDG_CACHE_HOME:-~/.cache}/vmlab/vm.
[[nodiscard]] std::filesystem::path vm_cache_folder();
/// What that folder takes on the disk, the unpacked kernel included.
[[nodiscard]] std::uint64_t vm_cache_bytes();

/// A snapshot in the cache.
struct SavedState {
    std::filesystem::path file;
    std::string identity;  ///< of this very file: another one that was built later has another
};

/// The part of the cache that holds one guest: its boot files and, for each size of memory, its state. Made
/// once for all that goes in (the "recipe"), by one process while the others wait. The folder of
/// another recipe is removed when nobody uses it and it is not the one that was used last.
class VmCache {
  public:
    /// `write` makes the boot files where they are not there yet; `on_wait` is called once when another
    /// process is building. An Error: the folder cannot be written, or its disk is full.
    [[nodiscard]] static process::Result<VmCache> open(
        const std::filesystem::path& folder, const std::string& recipe,
        const std::function<process::Result<GuestFiles>(const std::filesystem::path&)>& write,
        const std::function<void()>& on_wait);

    [[nodiscard]] GuestFiles files() const;

    /// The state for that much memory. Where there is none, or it is the `bad` one, `build` makes the file
    /// that becomes it.
    [[nodiscard]] process::Result<SavedState> state(
        unsigned memory_mib, const std::optional<SavedState>& bad,
        const std::function<process::Result<std::filesystem::path>()>& build) const;

    /// Whether this very state has been seen to work.
    [[nodiscard]] bool is_proven(unsigned memory_mib) const;
    void set_proven(unsigned memory_mib) const;

  private:
    VmCache(std::filesystem::path folder, std::filesystem::path guest, process::Descriptor in_use,
            std::function<void()> on_wait);
    [[nodiscard]] std::filesystem::path state_file(unsigned memory_mib) const;
    [[nodiscard]] std::filesystem::path proof_file(unsigned memory_mib) const;

    std::filesystem::path folder_;
    std::filesystem::path guest_;
    process::Descriptor in_use_;  ///< locked (flock, shared) while this lives
    std::function<void()> on_wait_;
};

}  // namespace vmlab::arena
