#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vmlab/process/error.hpp"

/// What the VM arena and the init of its guest say to each other. The order goes in on a disk image, as one
/// CBOR value in the file `order` beside the folder `files`. The events come out over a virtio-serial port,
/// each as a frame: four bytes of length (little endian), then that many bytes of CBOR. The host believes
/// nothing of an event but its form: a program may have become root in the guest.
namespace vmlab::arena::wire {

/// What is done to a program that waits for input, before it is looked at.
struct Push {
    bool reclaim = false;
    std::optional<std::uint64_t> memory_bytes;
    std::optional<std::uint64_t> spoiled_page;
};

/// One program to run in the guest.
struct Program {
    std::vector<std::string> argv;                   ///< argv[0]: absolute path, as on the host
    std::map<std::string, std::string> environment;  ///< all of it
    std::string input;                               ///< what stdin holds
    int start_after_lines = 0;                       ///< of the program before it
    std::optional<int> oom_score_adj;                ///< written before it is executed
    std::optional<int> oom_score_adj_floor;          ///< as process::Job::oom_score_adj_floor
    bool as_root = false;                            ///< keeps all rights; never for student code
    /// Its init waits this long before it lets the dying process go (PTRACE_O_TRACEEXIT), with its memory
    /// still mapped: longer than the kernel's OOM_REAPER_DELAY of 2 s, so that the oom_reaper comes.
    std::uint64_t hold_at_exit_ms = 0;
    std::uint64_t wall_ms = 30'000;
    std::uint64_t output_bytes = 4U << 20U;
    std::uint64_t cpu_seconds = 60;
    std::uint64_t file_bytes = 64U << 20U;
    std::uint64_t processes = 64;
    std::uint64_t open_files = 1024;
    std::uint64_t address_space_bytes = 0;
    std::uint64_t data_bytes = 0;
    std::uint64_t stack_bytes = 8U << 20U;
    std::uint64_t locked_bytes = 0;
    bool huge_pages = true;
    /// Stdin is a dialogue instead of `input`; a push for the first wait, the second, ...
    std::optional<std::vector<Push>> dialogue;
    std::optional<std::uint64_t> memory_bytes;  ///< limits of its own cgroup
    std::optional<std::uint64_t> swap_bytes;
};

/// SysRq f: the kernel looks for a victim although there is memory.
struct ManualKill {
    std::uint32_t program = 0;  ///< is done when this program ...
    int after_lines = 1;        ///< ... has printed so many lines
};

struct Order {
    std::vector<Program> programs;
    /// The limit of a cgroup (version 2) around all programs. Absent: the machine's memory is the limit.
    std::optional<std::uint64_t> group_bytes;
    std::optional<std::uint32_t> over_when_ended;
    std::optional<ManualKill> manual_kill;
    std::uint64_t sample_ms = 0;   ///< 0: no samples
    std::uint64_t swap_bytes = 0;  ///< 0: no swap
    /// What time it is (milliseconds since 1970, UTC), for the time stamps of the syslog. 0: the guest's own.
    std::uint64_t unix_ms = 0;
};

// ---- events, in the order in which they may come ----

struct Started {
    std::uint32_t program = 0;
    int pid = 0;
};
struct Output {
    std::uint32_t program = 0;
    int descriptor = 1;  ///< 1 or 2
    std::string bytes;
};
/// A reading of /proc/PID: the texts of the kernel's files, parsed on the host.
struct Sample {
    std::uint32_t program = 0;
    std::uint64_t at_ms = 0;  ///< since the program was started
    char state = '?';
    std::string status;  ///< /proc/PID/status
    std::string stat;    ///< /proc/PID/stat
    std::uint64_t heap_bytes = 0;
    int oom_score = 0;
    int oom_score_adj = 0;
};
/// A program waited for input; it was pushed and looked at, and then answered.
struct Looked {
    std::uint32_t program = 0;
    std::uint64_t lines = 0;  ///< it had printed so many
    std::uint64_t spoiled_pages = 0;
    std::string status;  ///< /proc/PID/status
    std::string stat;    ///< /proc/PID/stat
};
/// Records of the guest's /dev/kmsg, in that form, as they come.
struct Log {
    std::string records;
};
enum class End { finished, timed_out, output_limit, stopped, not_started };
struct Ended {
    std::uint32_t program = 0;
    End end = End::finished;
    int wait_status = 0;  ///< waitpid(2)
    std::uint64_t elapsed_ms = 0;
    std::uint64_t oom_kills = 0;  ///< of its own cgroup; 0 where there is none
};
/// Last words: what is to be read in the guest when all programs have ended.
struct Facts {
    std::string syslog;         ///< /var/log/syslog, written by the guest's log daemon
    std::string meminfo;        ///< /proc/meminfo
    std::string vmstat;         ///< /proc/vmstat
    std::string memory_events;  ///< of the group; empty where there is none
    std::uint64_t peak_bytes = 0;
    std::string release;  ///< uname -r
};
/// The guest could not do its work; nothing follows.
struct Trouble {
    std::string what;
    bool machine_lacks = false;  ///< another guest could; else another try may help
};

using Event = std::variant<Started, Output, Sample, Looked, Log, Ended, Facts, Trouble>;

[[nodiscard]] std::string encode(const Order& order);
[[nodiscard]] process::Result<Order> decode_order(const std::string& bytes);

/// One frame, its length included.
[[nodiscard]] std::string encode(const Event& event);

/// Takes frames out of a stream that comes in pieces of any size.
class Decoder {
  public:
    /// No frame may be longer than this, and no stream longer than stream_bytes.
    Decoder(std::size_t frame_bytes, std::size_t stream_bytes)
        : frame_bytes_(frame_bytes), stream_bytes_(stream_bytes) {}
    void add(std::string_view piece);
    /// The next event; absent: not all of it has come yet. An Error: the stream is not what it should be, and
    /// will never be again.
    [[nodiscard]] process::Result<std::optional<Event>> next();

  private:
    std::size_t frame_bytes_;
    std::size_t stream_bytes_;
    std::size_t seen_ = 0;
    std::string pending_;
    std::size_t taken_ = 0;  ///< of pending_
    std::optional<std::string> broken_;
};

}  // namespace vmlab::arena::wire
