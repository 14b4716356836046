#include "process/sandbox/run_user.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

namespace vmlab::process {

namespace {

struct Range {
    std::uint64_t first;
    std::uint64_t count;
};

/// Far above the uids of people where this user namespace knows such uids; a container may map only the lower
/// 65,536.
Range usable_range() {
    constexpr Range high{1U << 30U, 1U << 30U};
    constexpr Range low{20'000, 40'000};
    std::ifstream map("/proc/self/uid_map");
    std::uint64_t inside = 0;
    std::uint64_t outside = 0;
    std::uint64_t count = 0;
    while (map >> inside >> outside >> count) {
        if (inside <= high.first && inside + count >= high.first + high.count) {
            return high;
        }
    }
    return low;
}

bool belongs_to_a_person(uid_t uid) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> text{};
    return ::getpwuid_r(uid, &entry, text.data(), text.size(), &found) == 0 && found != nullptr;
}

/// No descriptor when the name is taken.
Result<Descriptor> bind_name(uid_t uid) {
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) {
        return failed_call("socket");
    }
    // An abstract name, which begins with a zero byte: no file.
    const std::string name = fmt::format("vmlab-run-user-{}", uid);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(&address.sun_path[1], name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) {
        return socket;
    }
    return errno == EADDRINUSE ? Result<Descriptor>(Descriptor()) : failed_call("bind", name);
}

}  // namespace

Result<RunUser> RunUser::claim() {
    constexpr int most_attempts = 1000;
    static const Range range = usable_range();
    static std::atomic<std::uint64_t> next{static_cast<std::uint64_t>(::getpid()) << 8U};
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        const auto uid = static_cast<uid_t>(range.first + next++ % range.count);
        if (belongs_to_a_person(uid)) {
            continue;
        }
        auto claim = bind_name(uid);
        if (!claim) {
            return tl::unexpected(claim.error());
        }
        if (*claim) {
            return RunUser(uid, std::move(*claim));
        }
    }
    return failed(fmt::format("no uid is free for a run: {} in a row are taken", most_attempts),
                  "run fewer graders at the same time");
}

}  // namespace vmlab::process
