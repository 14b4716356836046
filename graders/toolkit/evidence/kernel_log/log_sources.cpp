#include "evidence/kernel_log/log_sources.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "evidence/text.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::evidence {
namespace {

/// A log that grew by more than this between two reads is a flood: the rest waits for the next read.
constexpr std::size_t most_at_once = 8U << 20U;

/// Leaves out what programs wrote to /dev/kmsg: their facility is another.
constexpr const char* kernels_own = "SYSLOG_FACILITY=0";

tl::unexpected<process::Error> unreadable(std::string_view what, int error) {
    return process::machine_lacks(fmt::format("{}: {}", what, std::strerror(error)),
                                  "run as root, or join the group adm: sudo usermod -aG adm $USER");
}

/// read(2) of /dev/kmsg gives one whole record, or fails with EAGAIN (no more), EPIPE (the next one was
/// overwritten: go on) or EINVAL (larger than our buffer, which holds the largest).
class Kmsg : public LogSource {
  public:
    Kmsg(std::string name, process::Descriptor descriptor)
        : name_(std::move(name)), descriptor_(std::move(descriptor)) {}

    [[nodiscard]] std::string name() const override { return name_; }

    [[nodiscard]] std::string read_new() override {
        std::string text;
        std::array<char, 8192> record{};
        while (text.size() < most_at_once) {
            const ssize_t got = ::read(descriptor_.get(), record.data(), record.size());
            if (got > 0) {
                text.append(record.data(), static_cast<std::size_t>(got));
            } else if (got == 0 || (errno != EPIPE && errno != EINTR)) {
                break;
            }
        }
        return text;
    }

  private:
    std::string name_;
    process::Descriptor descriptor_;
};

class Journal : public LogSource {
  public:
    Journal(std::filesystem::path journalctl, std::string cursor)
        : journalctl_(std::move(journalctl)), cursor_(std::move(cursor)) {}

    [[nodiscard]] std::string name() const override { return "journalctl -k"; }

    [[nodiscard]] std::string read_new() override {
        std::vector<std::string> command = {journalctl_.string(), "-k",       "-q",
                                            "--no-pager",         "-o",       "short-monotonic",
                                            "--show-cursor",      kernels_own};
        // An empty journal has no cursor: then all that comes later is new.
        if (!cursor_.empty()) {
            command.push_back("--after-cursor=" + cursor_);
        }
        const auto run = process::run_tool(command);
        if (!run || !run->succeeded()) {
            return {};
        }
        std::string text = run->out;
        cursor_ = cut_cursor(text).value_or(cursor_);
        return text;
    }

    /// Takes the last line, "-- cursor: s=...", off a journal's text.
    static std::optional<std::string> cut_cursor(std::string& text) {
        constexpr std::string_view mark = "-- cursor: ";
        const std::size_t at = text.rfind(mark);
        if (at == std::string::npos || (at > 0 && text[at - 1] != '\n')) {
            return std::nullopt;
        }
        std::string cursor = text.substr(at + mark.size());
        text.erase(at);
        cursor.erase(cursor.find_last_not_of('\n') + 1);
        return cursor;
    }

  private:
    std::filesystem::path journalctl_;
    std::string cursor_;
};

class LogFile : public LogSource {
  public:
    LogFile(std::filesystem::path path, process::Descriptor file, off_t offset)
        : path_(std::move(path)), file_(std::move(file)), offset_(offset) {}

    [[nodiscard]] std::string name() const override { return path_.string(); }

    [[nodiscard]] std::string read_new() override {
        // Rotation renames the file: what is still unread stands in the old one, the rest in a new one.
        std::string text = read_rest();
        struct stat ours {};
        struct stat named {};
        if (::fstat(file_.get(), &ours) != 0) {
            return text;
        }
        if (ours.st_size < offset_) {  // truncated in place (copytruncate)
            offset_ = 0;
            text += read_rest();
        }
        if (::stat(path_.c_str(), &named) == 0 &&
            (named.st_ino != ours.st_ino || named.st_dev != ours.st_dev)) {
            process::Descriptor next(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
            if (next) {
                text += read_rest();
                file_ = std::move(next);
                offset_ = 0;
                text += read_rest();
            }
        }
        return text;
    }

  private:
    /// The whole lines from offset_ on.
    std::string read_rest() {
        std::string text;
        std::array<char, 8192> piece{};
        while (text.size() < most_at_once) {
            const ssize_t got =
                ::pread(file_.get(), piece.data(), piece.size(), offset_ + static_cast<off_t>(text.size()));
            if (got <= 0) {
                break;
            }
            text.append(piece.data(), static_cast<std::size_t>(got));
        }
        text.erase(text.rfind('\n') + 1);
        offset_ += static_cast<off_t>(text.size());
        return text;
    }

    std::filesystem::path path_;
    process::Descriptor file_;
    off_t offset_;
};

}  // namespace

process::Result<std::unique_ptr<LogSource>> open_kmsg(const std::filesystem::path& device) {
    process::Descriptor descriptor(::open(device.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!descriptor) {
        return unreadable(device.string(), errno);
    }
    if (::lseek(descriptor.get(), 0, SEEK_END) < 0) {
        return unreadable(device.string(), errno);
    }
    // A container may show a /dev/kmsg that is something else, or refuse only the read.
    char none = 0;
    if (::read(descriptor.get(), &none, 0) < 0 && errno != EAGAIN && errno != EINVAL && errno != EPIPE) {
        return unreadable(device.string(), errno);
    }
    struct stat state {};
    if (::fstat(descriptor.get(), &state) != 0 || !S_ISCHR(state.st_mode)) {
        return unreadable(device.string(), ENODEV);
    }
    return std::make_unique<Kmsg>(device.string(), std::move(descriptor));
}

process::Result<std::unique_ptr<LogSource>> open_journal() {
    const auto journalctl = process::find_tool("journalctl", "systemd");
    if (!journalctl) {
        return tl::unexpected(journalctl.error());
    }
    const auto last = process::run_tool({journalctl->string(), "-k", "-q", "--no-pager", "-o",
                                         "short-monotonic", "-n", "1", "--show-cursor", kernels_own});
    if (!last) {
        return tl::unexpected(last.error());
    }
    std::string text = last->out;
    const auto cursor = Journal::cut_cursor(text);
    // Someone who may not read the system's journal sees no records at all, and no error.
    if (!last->succeeded() || !cursor || text.empty()) {
        return process::machine_lacks("journalctl -k shows no kernel record",
                                      "join the group adm: sudo usermod -aG adm $USER");
    }
    return std::make_unique<Journal>(*journalctl, *cursor);
}

process::Result<std::unique_ptr<LogSource>> open_log_file(const std::filesystem::path& file) {
    process::Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!descriptor) {
        return unreadable(file.string(), errno);
    }
    const off_t end = ::lseek(descriptor.get(), 0, SEEK_END);
    if (end < 0) {
        return unreadable(file.string(), errno);
    }
    return std::make_unique<LogFile>(file, std::move(descriptor), end);
}

}  // namespace vmlab::evidence
