#include "vmlab/evidence/memory_use.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>

#include "evidence/text.hpp"
#include "vmlab/evidence/procfs.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::evidence {

namespace {

// The bits of an entry of pagemap.
constexpr std::uint64_t present_bit = 1ULL << 63U;
constexpr std::uint64_t swapped_bit = 1ULL << 62U;
constexpr std::uint64_t exclusive_bit = 1ULL << 56U;
constexpr std::uint64_t frame_bits = (1ULL << 55U) - 1;

/// The entries of the pages that a range touches.
process::Result<std::vector<std::uint64_t>> entries_of(pid_t pid, std::uint64_t start, std::uint64_t bytes) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t first = start / page;
    const std::uint64_t last = bytes == 0 ? first : (start + bytes - 1) / page + 1;
    std::vector<std::uint64_t> entries(last - first);
    const std::string path = fmt::format("/proc/{}/pagemap", pid);
    const process::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return process::failed_call("open", path);
    }
    auto* into = reinterpret_cast<char*>(entries.data());
    const std::size_t wanted = entries.size() * sizeof(std::uint64_t);
    for (std::size_t got = 0; got < wanted;) {
        const ssize_t count = ::pread(file.get(), into + got, wanted - got,
                                      static_cast<off_t>(first * sizeof(std::uint64_t) + got));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return process::failed_call("pread", path);
        }
        got += static_cast<std::size_t>(count);
    }
    return entries;
}

/// "Rss:   1234 kB" in bytes, for the rows that RegionUse has.
void take_row(std::string_view row, RegionUse& into) {
    const std::size_t colon = row.find(':');
    if (colon == std::string_view::npos) {
        return;
    }
    const std::string_view name = row.substr(0, colon);
    std::string_view value = row.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    const std::uint64_t bytes = take_number<std::uint64_t>(value).value_or(0) * 1024;
    struct Row {
        std::string_view name;
        std::uint64_t RegionUse::*field;
    };
    constexpr std::array<Row, 10> rows{{{"Rss", &RegionUse::resident},
                                        {"Pss", &RegionUse::proportional},
                                        {"Shared_Clean", &RegionUse::shared},
                                        {"Shared_Dirty", &RegionUse::shared},
                                        {"Private_Clean", &RegionUse::not_shared},
                                        {"Private_Dirty", &RegionUse::not_shared},
                                        {"Anonymous", &RegionUse::anonymous},
                                        {"AnonHugePages", &RegionUse::huge},
                                        {"Swap", &RegionUse::swapped},
                                        {"Locked", &RegionUse::locked}}};
    for (const Row& each : rows) {
        if (each.name == name) {
            into.*each.field += bytes;
        }
    }
}

}  // namespace

std::optional<RegionUse> parse_region(std::string_view smaps, std::uint64_t address) {
    std::optional<RegionUse> found;
    while (const auto line = next_line(smaps)) {
        if (const auto mapping = parse_mappings(*line); !mapping.empty()) {
            if (found) {
                return found;
            }
            if (mapping.front().contains(address)) {
                found.emplace();
                found->start = mapping.front().start;
                found->end = mapping.front().end;
            }
        } else if (found) {
            take_row(*line, *found);
        }
    }
    return found;
}

process::Result<std::optional<RegionUse>> region_use(pid_t pid, std::uint64_t address) {
    return process::read_kernel_file(fmt::format("/proc/{}/smaps", pid)).map([&](const std::string& text) {
        return parse_region(text, address);
    });
}

process::Result<PageUse> page_use(pid_t pid, std::uint64_t start, std::uint64_t bytes) {
    const auto entries = entries_of(pid, start, bytes);
    if (!entries) {
        return tl::unexpected(entries.error());
    }
    PageUse use;
    use.pages = entries->size();
    std::set<std::uint64_t> frames;
    for (const std::uint64_t entry : *entries) {
        use.swapped += (entry & swapped_bit) != 0 ? 1 : 0;
        if ((entry & present_bit) != 0) {
            ++use.present;
            use.exclusive += (entry & exclusive_bit) != 0 ? 1 : 0;
            frames.insert(entry & frame_bits);
        }
    }
    if (frames.count(0) == 0) {  // frame 0 is never a program's: it stands for "not shown"
        use.distinct_frames = frames.size();
    }
    return use;
}

process::Result<std::vector<bool>> pages_that_exist(pid_t pid, std::uint64_t start, std::uint64_t bytes) {
    return entries_of(pid, start, bytes).map([](const std::vector<std::uint64_t>& entries) {
        std::vector<bool> exist;
        exist.reserve(entries.size());
        for (const std::uint64_t entry : entries) {
            exist.push_back((entry & (present_bit | swapped_bit)) != 0);
        }
        return exist;
    });
}

process::Result<std::map<std::uint64_t, std::uint64_t>> auxiliary_vector(pid_t pid) {
    return process::read_kernel_file(fmt::format("/proc/{}/auxv", pid)).map([](const std::string& bytes) {
        std::map<std::uint64_t, std::uint64_t> vector;
        std::array<std::uint64_t, 2> entry{};
        for (std::size_t at = 0; at + sizeof entry <= bytes.size(); at += sizeof entry) {
            std::memcpy(entry.data(), bytes.data() + at, sizeof entry);
            vector.emplace(entry[0], entry[1]);
        }
        return vector;
    });
}

}  // namespace vmlab::evidence
