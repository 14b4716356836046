#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace vmlab::arena {

/// An archive in the form that the kernel unpacks as its first root file system ("newc":
/// Documentation/driver-api/early-userspace/buffer-format.rst). Everything in it belongs to root. Paths are
/// absolute; the folders above each are added by themselves (mode 0755).
class Cpio {
  public:
    void folder(const std::string& path, unsigned mode = 0755);
    void file(const std::string& path, std::string_view content, unsigned mode = 0644);
    void character_device(const std::string& path, unsigned major, unsigned minor, unsigned mode = 0600);

    /// The whole archive; nothing can be added to it afterwards.
    [[nodiscard]] std::string finish() &&;

  private:
    void add_folders_above(const std::string& path);
    void add(std::string_view name, unsigned mode, std::string_view content, unsigned major = 0,
             unsigned minor = 0);

    std::string archive_;
    std::set<std::string> present_;
    std::uint32_t count_ = 0;
};

}  // namespace vmlab::arena
