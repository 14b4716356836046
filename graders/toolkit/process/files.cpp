#include "vmlab/process/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "vmlab/process/descriptor.hpp"

namespace vmlab::process {

namespace {

Result<std::string> read_all(int fd, const std::string& name, std::size_t max_bytes) {
    std::string content;
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return failed_call("read", name);
        }
        if (count == 0) {
            return content;
        }
        content.append(buffer.data(), static_cast<std::size_t>(count));
        if (content.size() > max_bytes) {
            return failed(fmt::format("{} is larger than {} bytes", name, max_bytes));
        }
    }
}

Result<void> write_all(int fd, std::string_view content, const std::string& name) {
    while (!content.empty()) {
        const ssize_t count = ::write(fd, content.data(), content.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return failed_call("write", name);
        }
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

/// A new file with a name of its own. Not mkstemp(3): it makes files that only their owner may read, and the
/// umask, which says who else may, can be asked only by changing it for all threads.
Descriptor create_beside(const std::filesystem::path& path, std::string& name) {
    static std::atomic<unsigned> counter{0};
    for (;;) {
        name = fmt::format("{}.{}-{}", path.string(), ::getpid(), counter++);
        Descriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        if (file || errno != EEXIST) {
            return file;
        }
    }
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        return failed_call("open", path.string());
    }
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0) {
        return failed_call("fstat", path.string());
    }
    if (!S_ISREG(facts.st_mode)) {
        return failed(fmt::format("{} is not a regular file", path.string()));
    }
    return read_all(file.get(), path.string(), max_bytes);
}

Result<std::string> read_kernel_file(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return failed_call("open", path.string());
    }
    return read_all(file.get(), path.string(), 64U << 20U);
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content) {
    std::string temporary;
    const Descriptor file = create_beside(path, temporary);
    if (!file) {
        return failed_call("create", temporary);
    }
    Result<void> done = write_all(file.get(), content, temporary);
    if (done && ::fsync(file.get()) != 0 && errno != EINVAL && errno != EROFS) {
        done = failed_call("fsync", temporary);
    }
    if (done && ::rename(temporary.c_str(), path.c_str()) != 0) {
        done = failed_call("rename", path.string());
    }
    if (!done) {
        ::unlink(temporary.c_str());
    }
    return done;
}

void give_to_owner_of_folder(const std::filesystem::path& path) {
    if (::geteuid() != 0) {
        return;
    }
    const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
    struct stat facts {};
    if (::stat(parent.c_str(), &facts) == 0 && facts.st_uid != 0) {
        // Where it cannot be done (a file system without owners) there is nothing to be given either.
        [[maybe_unused]] const int done = ::lchown(path.c_str(), facts.st_uid, facts.st_gid);
    }
}

}  // namespace vmlab::process
