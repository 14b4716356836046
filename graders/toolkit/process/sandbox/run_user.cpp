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
#include <iterator>
#include <optional>
#include <string>

#include "process/sandbox/id_range.hpp"

namespace vmlab::process {

namespace {

std::string text_of(const char* file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::optional<IdRange> ids_for_runs() {
    return range_for_runs(text_of("/proc/self/uid_map"), text_of("/proc/self/gid_map"));
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

bool RunUser::is_possible() {
    return ::geteuid() == 0 && ids_for_runs().has_value();
}

Result<RunUser> RunUser::claim() {
    constexpr int most_attempts = 1000;
    const std::optional<IdRange> range = ids_for_runs();
    if (!range) {
        return machine_lacks("this user namespace maps no uid that a run could have",
                             "run vmlab as an ordinary user");
    }
    static std::atomic<std::uint64_t> next{static_cast<std::uint64_t>(::getpid()) << 8U};
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        const auto uid = static_cast<uid_t>(range->first + next++ % range->count);
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
