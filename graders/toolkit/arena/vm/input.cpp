#include "arena/vm/input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <system_error>

#include "arena/vm/machine.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Copied {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
};

process::Result<void> copy_file(const fs::path& from, const fs::path& to, Copied& copied) {
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (!error) {
        fs::copy_file(from, to, fs::copy_options::skip_existing, error);
    }
    struct stat facts {};
    if (error || ::stat(to.c_str(), &facts) != 0 ||
        // The guest's programs are another user.
        ::chmod(to.c_str(), (facts.st_mode & S_IXUSR) != 0 ? 0755 : 0644) != 0) {
        return process::failed(fmt::format("copy {} for the VM arena: {}", from.string(), error.message()));
    }
    copied.bytes += static_cast<std::uint64_t>(facts.st_size);
    ++copied.files;
    return {};
}

process::Result<void> copy_tree(const fs::path& from, const fs::path& to, Copied& copied) {
    std::error_code error;
    fs::create_directories(to, error);
    for (fs::recursive_directory_iterator entry(from, error), end; !error && entry != end;
         entry.increment(error)) {
        const fs::path place = to / entry->path().lexically_relative(from);
        if (entry->is_symlink(error)) {
            continue;
        }
        if (entry->is_directory(error)) {
            fs::create_directories(place, error);
            ++copied.files;
        } else if (entry->is_regular_file(error)) {
            if (auto done = copy_file(entry->path(), place, copied); !done) {
                return done;
            }
        }
    }
    if (error) {
        return process::failed(fmt::format("copy {} for the VM arena: {}", from.string(), error.message()));
    }
    return {};
}

process::Result<void> copy(const fs::path& from, const fs::path& files, Copied& copied) {
    const fs::path to = files / from.lexically_normal().relative_path();
    std::error_code error;
    return fs::is_directory(from, error) ? copy_tree(from, to, copied) : copy_file(from, to, copied);
}

process::Result<fs::path> make_disk_file(const fs::path& disk, std::uint64_t bytes) {
    const process::Descriptor file(::open(disk.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) {
        return process::failed_call("make the VM arena's disk", disk.string());
    }
    return disk;
}

process::Result<void> make_file_system(const fs::path& disk, const fs::path& content, const Copied& copied) {
    const auto mke2fs = process::find_tool("mke2fs", "e2fsprogs");
    if (!mke2fs) {
        return process::machine_lacks(mke2fs.error().what, "scripts/setup --vm");
    }
    // Each file's last block is half empty on average, and each directory takes one; the rest is for the
    // file system's own tables.
    const std::uint64_t kib = (copied.bytes + copied.bytes / 16) / 1024 + copied.files * 8 + 4096;
    if (kib * 1024 > vm_disk_bytes) {
        return process::machine_lacks(
            fmt::format("the files of this run ({} MiB) are more than the VM arena's disk holds",
                        copied.bytes >> 20U),
            "choose another arena");
    }
    process::ToolOptions options;
    options.limits.wall = 60s;
    const auto run = process::run_tool(
        {mke2fs->string(), "-q", "-F", "-t", "ext4", "-O", "^has_journal,^resize_inode,^metadata_csum", "-E",
         "lazy_itable_init=1", "-m", "0", "-N", std::to_string(copied.files + 256), "-d", content.string(),
         disk.string(), fmt::format("{}k", kib)},
        options);
    if (!run) {
        return tl::unexpected(run.error());
    }
    if (!run->succeeded()) {
        return process::failed(
            fmt::format("mke2fs {}: {}: {}", disk.string(), run->describe(), last_lines(run->err)),
            "Free space in the system's temporary folder, or name another one by TMPDIR.");
    }
    return {};
}

process::Result<void> fill(const fs::path& content, const wire::Order& order,
                           const std::vector<fs::path>& readable, Copied& copied) {
    std::error_code error;
    fs::create_directories(content / "files", error);
    const std::string bytes = encode(order);
    std::ofstream file(content / "order", std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (error || !file) {
        return process::failed(fmt::format("write {}", (content / "order").string()));
    }
    copied.bytes += bytes.size();
    for (const fs::path& path : readable) {
        if (auto done = copy(path, content / "files", copied); !done) {
            return done;
        }
        // The folders on the way to it.
        copied.files += static_cast<std::uint64_t>(std::distance(path.begin(), path.end()));
    }
    return {};
}

}  // namespace

process::Result<fs::path> make_vm_disk(const fs::path& folder, const wire::Order& order,
                                       const std::vector<fs::path>& readable) {
    Copied copied;
    const fs::path content = folder / "content";
    const fs::path disk = folder / "disk";
    if (auto filled = fill(content, order, readable, copied); !filled) {
        return tl::unexpected(filled.error());
    }
    if (auto made = make_file_system(disk, content, copied); !made) {
        return tl::unexpected(made.error());
    }
    std::error_code error;
    fs::remove_all(content, error);
    fs::resize_file(disk, vm_disk_bytes, error);
    if (error || ::chmod(disk.c_str(), 0644) != 0) {
        return process::failed(fmt::format("resize {}: {}", disk.string(), error.message()));
    }
    return disk;
}

process::Result<fs::path> make_empty_vm_disk(const fs::path& folder) {
    return make_disk_file(folder / "disk", vm_disk_bytes);
}

}  // namespace vmlab::arena
