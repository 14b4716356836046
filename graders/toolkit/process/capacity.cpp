#include "vmlab/process/capacity.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "vmlab/process/files.hpp"

namespace vmlab::process {

namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end != text.data() ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> number_of(const fs::path& file) {
    const auto text = read_kernel_file(file);
    return text ? number_in(*text) : std::nullopt;
}

std::vector<std::string> split(const std::string& text, char at) {
    std::istringstream stream(text);
    std::vector<std::string> parts;
    for (std::string part; std::getline(stream, part, at);) {
        parts.push_back(part);
    }
    return parts;
}

bool lists(const std::string& text, std::string_view word) {
    const auto words = split(text, ',');
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Where this process's group of one controller is, and where the groups above it end.
struct Group {
    fs::path folder;
    fs::path top;
    bool version2 = false;
};

/// The path of our own group as /proc/self/cgroup tells it: of version 2, or of a controller of version 1.
std::optional<std::string> own_group(const fs::path& root, std::string_view controller, bool version2) {
    const auto text = read_kernel_file(root / "proc/self/cgroup");
    for (const std::string& line : split(text.value_or(std::string()), '\n')) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        const std::string controllers = line.substr(first + 1, second - first - 1);
        if (version2 ? controllers.empty() : lists(controllers, controller)) {
            return line.substr(second + 1);
        }
    }
    return std::nullopt;
}

/// A mount may show a part of the hierarchy alone (proc(5), mountinfo: its root is the fourth field).
std::vector<Group> own_groups(const fs::path& root, std::string_view controller) {
    std::vector<Group> groups;
    const auto text = read_kernel_file(root / "proc/self/mountinfo");
    for (const std::string& line : split(text.value_or(std::string()), '\n')) {
        const std::size_t dash = line.find(" - ");
        const auto front = split(line.substr(0, dash), ' ');
        const auto back = dash == std::string::npos ? front : split(line.substr(dash + 3), ' ');
        if (dash == std::string::npos || front.size() < 5 || back.size() < 3) {
            continue;
        }
        const bool version2 = back[0] == "cgroup2";
        if (!version2 && (back[0] != "cgroup" || !lists(back[2], controller))) {
            continue;
        }
        const auto path = own_group(root, controller, version2);
        if (!path) {
            continue;
        }
        const fs::path top = root / fs::path(front[4]).relative_path();
        const fs::path below = fs::path(*path).lexically_relative(front[3]);
        const bool is_shown = !below.empty() && *below.begin() != "..";
        groups.push_back({is_shown ? (top / below).lexically_normal() : top, top, version2});
    }
    return groups;
}

/// The smallest of what a controller grants in our group and in all groups above it.
template <class Read>
std::optional<std::uint64_t> least(const fs::path& root, std::string_view controller, const Read& read) {
    std::optional<std::uint64_t> smallest;
    for (const Group& group : own_groups(root, controller)) {
        for (fs::path folder = group.folder;; folder = folder.parent_path()) {
            if (const std::optional<std::uint64_t> granted = read(folder, group.version2)) {
                smallest = std::min(smallest.value_or(*granted), *granted);
            }
            if (folder == group.top || !folder.has_relative_path()) {
                break;
            }
        }
    }
    return smallest;
}

/// Whole processors; a part of one is one.
std::optional<std::uint64_t> processors_in(const fs::path& group, bool version2) {
    std::optional<std::uint64_t> quota;
    std::optional<std::uint64_t> period;
    if (version2) {
        const std::string text = read_kernel_file(group / "cpu.max").value_or(std::string());
        quota = number_in(text);
        const std::size_t space = text.find(' ');
        period =
            space == std::string::npos ? std::nullopt : number_in(std::string_view(text).substr(space + 1));
    } else {
        quota = number_of(group / "cpu.cfs_quota_us");  // -1: none
        period = number_of(group / "cpu.cfs_period_us");
    }
    if (!quota || !period || *period == 0) {
        return std::nullopt;
    }
    return std::max<std::uint64_t>(1, *quota / *period);
}

std::optional<std::uint64_t> memory_in(const fs::path& group, bool version2) {
    return number_of(group / (version2 ? "memory.max" : "memory.limit_in_bytes"));
}

std::optional<std::uint64_t> memory_of_the_machine(const fs::path& root) {
    constexpr std::string_view key = "MemTotal:";
    const std::string text = read_kernel_file(root / "proc/meminfo").value_or(std::string());
    const std::size_t at = text.find(key);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t digits = text.find_first_not_of(' ', at + key.size());
    const auto kib = number_in(std::string_view(text).substr(std::min(digits, text.size())));
    return kib ? std::optional(*kib << 10U) : std::nullopt;
}

int usable_processors() {
    for (int most = 1024; most <= 1 << 20; most *= 2) {
        cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(most));
        if (set == nullptr) {
            break;
        }
        const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(most));
        const int count = ::sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0) {
            return count;
        }
    }
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

int jobs_within(int processors, const fs::path& root) {
    auto jobs = static_cast<std::uint64_t>(std::max(1, processors));
    if (const auto share = least(root, "cpu", processors_in)) {
        jobs = std::min(jobs, *share);
    }
    for (const auto& bytes : {memory_of_the_machine(root), least(root, "memory", memory_in)}) {
        if (bytes) {
            jobs = std::min(jobs, *bytes / memory_of_a_job);
        }
    }
    return static_cast<int>(std::max<std::uint64_t>(1, jobs));
}

int default_jobs() {
    return jobs_within(usable_processors(), "/");
}

}  // namespace vmlab::process
