#include "arena/cgroup/enclosure.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

namespace vmlab::arena {
namespace {

// Once a process that ends by a signal has removed its arenas, a thread of it must not make another one.
std::mutex making;
bool ending = false;

// Another grader that ends may remove the empty home between our two steps: then both are done again.
process::Result<Cgroup> make_at_home(const Hierarchy& hierarchy) {
    const std::filesystem::path home = hierarchy.home();
    for (int attempt = 0;; ++attempt) {
        if (::mkdir(home.c_str(), 0755) != 0 && errno != EEXIST) {
            return process::failed_call("mkdir", home.string());
        }
        const auto opened = hierarchy.open_to_children(home);
        auto made = opened ? Cgroup::make(home / next_cgroup_name()) : tl::unexpected(opened.error());
        if (made || attempt == 10) {
            return made;
        }
    }
}

}  // namespace

Enclosure::Enclosure(const Hierarchy& hierarchy, Cgroup whole)
    : hierarchy_(&hierarchy), whole_(std::move(whole)) {}

process::Result<Enclosure> Enclosure::make(const Hierarchy& hierarchy, std::uint64_t memory_bytes,
                                           std::size_t contestants) {
    const std::lock_guard lock(making);
    if (ending) {
        return process::failed("no arena is made any more: the grader is ending");
    }
    auto whole = make_at_home(hierarchy);
    if (!whole) {
        return tl::unexpected(whole.error());
    }
    Enclosure enclosure(hierarchy, std::move(*whole));
    const std::filesystem::path folder = enclosure.whole_->folder();
    if (auto opened = hierarchy.open_to_children(folder); !opened) {
        return tl::unexpected(opened.error());
    }
    for (std::size_t i = 0; i < contestants; ++i) {
        auto seat = Cgroup::make(folder / std::to_string(i));
        if (!seat) {
            return tl::unexpected(seat.error());
        }
        enclosure.seats_.push_back(std::move(*seat));
    }
    if (auto limited = hierarchy.limit(folder, memory_bytes); !limited) {
        return tl::unexpected(limited.error());
    }
    return enclosure;
}

Enclosure::~Enclosure() {
    if (!whole_ || whole_->folder().empty()) {
        return;  // moved from
    }
    seats_.clear();
    whole_.reset();
    // Refused while another arena is in it.
    ::rmdir(hierarchy_->home().c_str());
}

process::Result<void> Enclosure::limit_processes(std::uint64_t processes) const {
    return hierarchy_->limit_processes(whole_->folder(), processes);
}

std::filesystem::path Enclosure::entrance(std::size_t contestant) const {
    return seats_[contestant].processes();
}

process::Result<std::uint64_t> Enclosure::oom_kills(std::size_t contestant) const {
    return hierarchy_->oom_kills(seats_[contestant].folder());
}

std::optional<std::uint64_t> Enclosure::peak_bytes() const {
    return hierarchy_->peak_bytes(whole_->folder());
}

namespace {

int remove_enclosures(const Hierarchy& hierarchy, bool (*chosen)(std::string_view)) {
    std::vector<std::filesystem::path> folders;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(hierarchy.home(), error), end; !error && entry != end;
         entry.increment(error)) {
        if (chosen(entry->path().filename().string())) {
            folders.push_back(entry->path());
        }
    }
    int removed = 0;
    for (const auto& folder : folders) {
        removed += remove_cgroup(folder) ? 1 : 0;
    }
    ::rmdir(hierarchy.home().c_str());
    return removed;
}

}  // namespace

int remove_stale_enclosures(const Hierarchy& hierarchy) {
    return remove_enclosures(hierarchy, is_stale_cgroup_name);
}

int remove_own_enclosures(const Hierarchy& hierarchy) {
    const std::lock_guard lock(making);
    ending = true;
    return remove_enclosures(hierarchy, is_own_cgroup_name);
}

}  // namespace vmlab::arena
