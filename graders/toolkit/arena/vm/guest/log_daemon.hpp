#pragma once

#include <string>
#include <vector>

namespace vmlab::guest {

constexpr const char* syslog_file = "/var/log/syslog";

/// Starts the log daemon that the guest has, rsyslogd or busybox's syslogd and klogd, and waits until it has
/// written what the kernel said so far. Without one there is no syslog; everything else works.
void start_log_daemon();

/// The whole syslog (its end, where it is very long), after waiting up to `patience_ms` until it holds each
/// of these texts: the daemon writes a little later than the kernel speaks.
[[nodiscard]] std::string syslog_with(const std::vector<std::string>& texts, long patience_ms);

}  // namespace vmlab::guest
