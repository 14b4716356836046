#include "cli/place.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "vmlab/grading/checkout.hpp"

namespace vmlab::cli {

namespace {

/// Tells checkouts apart in the state folder: FNV-1a, 64 bits.
std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char byte : text) {
        hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3U;
    }
    return hash;
}

/// Whoever calls `sudo scripts/lab grade` looks for the points without sudo later. Null where nobody called
/// sudo, or sudo has kept HOME.
const char* home_of_whoever_called_sudo(const char* home) {
    const char* caller = std::getenv("SUDO_USER");
    if (::geteuid() != 0 || caller == nullptr) {
        return nullptr;
    }
    const passwd* root = ::getpwuid(0);
    if (home != nullptr && root != nullptr && std::string_view(home) != root->pw_dir) {
        return nullptr;
    }
    const passwd* person = ::getpwnam(caller);
    std::error_code error;
    return person != nullptr && person->pw_uid != 0 && std::filesystem::is_directory(person->pw_dir, error)
               ? person->pw_dir
               : nullptr;
}

std::filesystem::path state_home() {
    const char* named = std::getenv("XDG_STATE_HOME");
    if (named != nullptr && *named == '/') {
        return named;
    }
    const char* home = std::getenv("HOME");
    if (const char* callers = home_of_whoever_called_sudo(home)) {
        home = callers;
    }
    return home != nullptr && *home == '/' ? std::filesystem::path(home) / ".local/state" : "/tmp";
}

}  // namespace

std::filesystem::path Place::grader(const grading::Activity& activity) const {
    return build / "graders" / (activity.folder_name() + "-checks");
}

std::filesystem::path Place::starter(const grading::Activity& activity) const {
    return root / "graders" / activity.folder_name() / "starter";
}

process::Result<Place> find_place() {
    const auto executable = grading::own_executable();
    if (!executable) {
        return tl::unexpected(executable.error());
    }
    auto checkout = grading::find_checkout(executable->parent_path(), std::getenv("VMLAB_ROOT"));
    if (!checkout) {
        return tl::unexpected(checkout.error());
    }
    Place place;
    place.root = std::move(checkout->root);
    place.build = std::move(checkout->build);
    place.state = state_home() / "vmlab" / fmt::format("{:016x}", fingerprint(place.root.string()));
    return place;
}

process::Result<std::vector<grading::Activity>> choose(const Place& place, const std::vector<int>& numbers) {
    auto all = grading::load_activities(place.activities());
    if (!all || numbers.empty()) {
        return all;
    }
    std::vector<grading::Activity> chosen;
    for (const grading::Activity& activity : *all) {
        if (std::find(numbers.begin(), numbers.end(), activity.number) != numbers.end()) {
            chosen.push_back(activity);
        }
    }
    for (const int number : numbers) {
        const bool known = std::any_of(all->begin(), all->end(), [number](const grading::Activity& activity) {
            return activity.number == number;
        });
        if (!known) {
            return process::failed(fmt::format("there is no activity {}", number),
                                   "see which there are: scripts/lab list");
        }
    }
    return chosen;
}

}  // namespace vmlab::cli
