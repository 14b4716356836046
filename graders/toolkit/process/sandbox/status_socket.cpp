#include "process/sandbox/status_socket.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace vmlab::process {

Result<DescriptorPair> make_status_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return failed_call("socketpair");
    }
    DescriptorPair pair{Descriptor(ends[0]), Descriptor(ends[1])};
    const int on = 1;
    if (::setsockopt(pair.ours.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
        return failed_call("setsockopt(SO_PASSCRED)");
    }
    return pair;
}

std::optional<StatusReport> receive_status(Descriptor& ours) {
    StatusReport report{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    iovec data{&report.message, sizeof report.message};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t bytes = ::recvmsg(ours.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (bytes < 0 && (errno == EINTR || errno == EAGAIN)) {
        return std::nullopt;
    }
    if (bytes != static_cast<ssize_t>(sizeof report.message)) {
        ours.reset();
        return std::nullopt;
    }
    const cmsghdr* part = CMSG_FIRSTHDR(&header);
    if (part != nullptr && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS) {
        ucred sender{};
        std::memcpy(&sender, CMSG_DATA(part), sizeof sender);
        report.sender = sender.pid;
    }
    return report;
}

}  // namespace vmlab::process
