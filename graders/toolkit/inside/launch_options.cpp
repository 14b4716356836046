#include "launch_options.hpp"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../process/sandbox/launch_protocol.hpp"

namespace vmlab::inside {

using process::LaunchMessage;

namespace {

bool parse_limit(Options& options, const char* name, const char* value) {
    for (LimitOption& limit : options.limits) {
        if (strcmp(limit.name, name) == 0) {
            limit.value = strtoull(value, nullptr, 10);
            limit.set = true;
            return true;
        }
    }
    return false;
}

/// What the program may see of the files; the numbers are those of a command line of ours.
void add_to_view(Options& options, const char* how, const char* path) {
    View& view = options.view;
    if (strcmp(how, "--show") == 0 && view.readable_count < most_places) {
        view.readable[view.readable_count++] = path;
    } else if (strcmp(how, "--show-writable") == 0 && view.writable_count < 64) {
        view.writable[view.writable_count++] = path;
    } else {
        errno = E2BIG;
        die(options, how);
    }
    options.has_view = true;
}

}  // namespace

void die(const Options& options, const char* what) {
    const int number = errno;
    dprintf(2, "vmlab-launch: %s: %s\n", what, strerror(number));
    if (options.status >= 0) {
        const LaunchMessage message{LaunchMessage::not_started, number};
        (void)!send(options.status, &message, sizeof message, MSG_NOSIGNAL);
    }
    _exit(125);
}

Options parse(char** arguments) {
    Options options;
    for (; *arguments != nullptr && strcmp(*arguments, "--") != 0; ++arguments) {
        const char* name = *arguments;
        if (strcmp(name, "--no-announce") == 0) {
            options.announce = false;
            continue;
        }
        if (strcmp(name, "--kill-descendants") == 0) {
            options.kill_descendants = true;
            continue;
        }
        if (strcmp(name, "--no-huge-pages") == 0) {
            options.huge_pages = false;
            continue;
        }
        if (strcmp(name, "--no-random-addresses") == 0) {
            options.random_addresses = false;
            continue;
        }
        char* value = *++arguments;
        if (value == nullptr) {
            break;
        }
        if (strcmp(name, "--status") == 0) {
            options.status = atoi(value);
        } else if (strcmp(name, "--filter") == 0) {
            options.filter = atoi(value);
        } else if (strcmp(name, "--stderr-from") == 0) {
            options.stderr_from = atoi(value);
        } else if (strcmp(name, "--user") == 0) {
            options.has_user = true;
            options.user = static_cast<uid_t>(strtoul(value, nullptr, 10));
        } else if (strcmp(name, "--touch-first") == 0) {
            options.touched_first = strtoul(value, nullptr, 10);
        } else if (strcmp(name, "--oom-score-adj") == 0) {
            options.oom_score_adj = value;
        } else if (strcmp(name, "--called") == 0) {
            options.called = value;
        } else if (strcmp(name, "--env") == 0) {
            putenv(arguments[0]);
        } else if (strcmp(name, "--keep") == 0 && options.keep_count < 15) {
            options.keep[options.keep_count++] = atoi(value);
        } else if (strncmp(name, "--show", 6) == 0) {
            add_to_view(options, name, value);
        } else if (strncmp(name, "--limit-", 8) != 0 || !parse_limit(options, name + 8, value)) {
            errno = EINVAL;
            die(options, name);
        }
    }
    if (*arguments == nullptr || arguments[1] == nullptr) {
        errno = EINVAL;
        die(options, "no program named");
    }
    options.program = arguments + 1;
    return options;
}

}  // namespace vmlab::inside
