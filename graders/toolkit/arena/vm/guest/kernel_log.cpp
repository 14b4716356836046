#include "arena/vm/guest/kernel_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace vmlab::guest {
namespace {

constexpr std::size_t at_once = 32U << 10U;
constexpr std::size_t at_all = 2U << 20U;

bool is_the_kernels(std::string_view record) {
    // "priority,sequence,time,flags;text": a facility above 0 is some program's.
    unsigned priority = 0;
    std::size_t at = 0;
    for (; at < record.size() && at < 4 && record[at] >= '0' && record[at] <= '9'; ++at) {
        priority = priority * 10 + static_cast<unsigned>(record[at] - '0');
    }
    return at > 0 && priority < 8;
}

}  // namespace

void KernelLog::open_at_end() {
    device_ = process::Descriptor(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (device_) {
        (void)::lseek(device_.get(), 0, SEEK_END);
    }
}

std::string KernelLog::read_new() {
    std::string records;
    while (device_ && records.size() < at_once) {
        char record[8192];
        const ssize_t size = ::read(device_.get(), record, sizeof record);
        if (size < 0 && (errno == EPIPE || errno == EINTR)) {
            continue;  // records were lost: the next one is the oldest that is left
        }
        if (size <= 0) {
            break;
        }
        const std::string text(record, static_cast<std::size_t>(size));
        if (is_the_kernels(text)) {
            note_deed(text);
        }
        // A flood ends somewhere; the kills in it do not.
        seen_ += text.size();
        if (seen_ <= at_all || text.find("Killed process") != std::string::npos) {
            records += text;
        }
    }
    return records;
}

void KernelLog::note_deed(const std::string& record) {
    for (const std::string_view deed : {"Killed process ", "oom_reaper: reaped process "}) {
        const std::size_t at = record.find(deed);
        if (at == std::string::npos) {
            continue;
        }
        const std::size_t end = record.find(' ', at + deed.size());
        deeds_.push_back(record.substr(at, end == std::string::npos ? end : end + 1 - at));
        if (deed.front() == 'K') {
            ++kills_;
        }
        return;
    }
}

}  // namespace vmlab::guest
