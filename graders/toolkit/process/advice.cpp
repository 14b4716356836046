#include "process/advice.hpp"

#include <array>

namespace vmlab::process {

namespace {

struct Advice {
    std::string_view sign;  ///< what the complaint holds
    std::string_view also;  ///< and this too
    std::string_view text;
};

constexpr std::array<Advice, 15> known{{
    {"seccomp", "Invalid argument",
     "use a kernel built with CONFIG_SECCOMP_FILTER; under an emulator of another processor there is none"},
    {"seccomp", "", "in a container: start it with --security-opt seccomp=unconfined"},
    {"landlock", "", "in a container: start it with --security-opt seccomp=unconfined"},
    {"Function not implemented", "",
     "use Linux 5.3 or newer; in a container: start it with --security-opt seccomp=unconfined"},
    {"Resource temporarily unavailable", "",
     "raise the limit of processes: ulimit -u 4096; in a container: --pids-limit 4096"},
    {"Too many open files", "", "raise the limit of open files: ulimit -n 4096"},
    {"Cannot allocate memory", "",
     "give this machine or container more memory, or lift its limit: ulimit -v unlimited"},
    {"bad_alloc", "", "give this machine or container more memory, or lift its limit: ulimit -v unlimited"},
    {"No space left on device", "namespace",
     "raise the number of namespaces: sudo sysctl user.max_user_namespaces=10000"},
    {"No space left on device", "", "free some space there, or set TMPDIR to a folder on another disk"},
    {"Disk quota exceeded", "", "free some space there, or set TMPDIR to a folder on another disk"},
    {"Read-only file system", "", "set TMPDIR to a folder that can be written to: TMPDIR=/var/tmp"},
    {"File too large", "", "lift the limit of file sizes: ulimit -f unlimited"},
    {"Input/output error", "", "look at the disk: sudo dmesg"},
    {"Text file busy", "", "grade again"},
}};

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string advice_on(std::string_view complaint) {
    for (const Advice& advice : known) {
        if (holds(complaint, advice.sign) && holds(complaint, advice.also)) {
            return std::string(advice.text);
        }
    }
    return {};
}

}  // namespace vmlab::process
