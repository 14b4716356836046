#include "process/sandbox/system_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

namespace vmlab::process {

namespace {

namespace fs = std::filesystem;

using IsChosen = bool (*)(std::string_view name);

template <std::size_t n>
bool is_among(const std::array<std::string_view, n>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// "x86_64-linux-gnu", "arm-linux-gnueabihf": a folder of libraries or headers of one architecture.
bool is_architecture(std::string_view name) {
    constexpr std::string_view system = "-linux-gnu";
    const std::size_t at = name.find(system);
    return at != std::string_view::npos && at != 0 &&
           name.substr(at + system.size()).find_first_of("-_. ") == std::string_view::npos;
}

/// What compiling, running and watching a program needs of /usr/lib and its like: libraries, the compiler's
/// parts, Valgrind's, the C library's debug information and locales, QEMU's modules and network images, and
/// kernel headers (from Debian 13 on).
bool is_library_folder(std::string_view name) {
    constexpr std::array<std::string_view, 12> names{"gcc",   "valgrind",  "debug",   "locale",
                                                     "gconv", "audit",     "qemu",    "ipxe",
                                                     "linux", "compat-ld", "gold-ld", "bfd-plugins"};
    return is_among(names, name) || is_architecture(name);
}

bool is_library_or_its_folder(std::string_view name) {
    return name != "debug" && (is_library_folder(name) || name.find(".so") != std::string_view::npos);
}

bool is_helper(std::string_view name) {
    constexpr std::array<std::string_view, 3> names{"gcc", "valgrind", "coreutils"};
    return is_among(names, name) || name.starts_with("qemu-system-");
}

/// QEMU's firmware, and time zones.
bool is_data(std::string_view name) {
    constexpr std::array<std::string_view, 4> names{"qemu", "seabios", "ipxe", "zoneinfo"};
    return is_among(names, name);
}

/// The folders of headers of the C library, the C++ library, the kernel and fmt.
bool is_header_folder(std::string_view name) {
    constexpr std::array<std::string_view, 39> names{
        "arpa",   "asm",      "asm-generic", "bits",      "c++",     "cxl",    "drm",       "finclude",
        "fmt",    "fwctl",    "gnu",         "hsi",       "linux",   "misc",   "mtd",       "net",
        "netash", "netatalk", "netax25",     "neteconet", "netinet", "netipx", "netiucv",   "netpacket",
        "netrom", "netrose",  "nfs",         "protocols", "ras",     "rdma",   "regulator", "rpc",
        "rpcsvc", "scsi",     "sound",       "sys",       "tirpc",   "video",  "xen"};
    return is_among(names, name) || is_architecture(name);
}

bool never(std::string_view /*name*/) {
    return false;
}

bool lies_below(const fs::path& path, const fs::path& folder) {
    const auto [rest, at] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
    return rest == folder.end() && at != path.end();
}

bool is_folder(const fs::path& path) {
    std::error_code error;
    return fs::is_directory(fs::symlink_status(path, error));
}

bool is_link(const fs::path& path) {
    std::error_code error;
    return fs::is_symlink(fs::symlink_status(path, error));
}

std::vector<fs::directory_entry> entries(const fs::path& folder) {
    std::vector<fs::directory_entry> found;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        found.push_back(*entry);
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// A folder whose files are the distribution's, but not each folder in it.
void show_files_and(const fs::path& folder, IsChosen is_chosen, SystemView& view) {
    view.shown.push_back(folder);
    for (const fs::directory_entry& entry : entries(folder)) {
        std::error_code error;
        const bool folder_itself = !entry.is_symlink(error) && entry.is_directory(error);
        if (folder_itself && !is_chosen(entry.path().filename().string())) {
            view.covered.push_back(entry.path());
        }
    }
}

/// A folder in which only what is chosen is the distribution's for certain.
void show_chosen(const fs::path& folder, IsChosen is_chosen, SystemView& view) {
    for (const fs::directory_entry& entry : entries(folder)) {
        if (is_chosen(entry.path().filename().string())) {
            view.shown.push_back(entry.path());
        }
    }
}

/// The build-id of an executable, in hexadecimal: the GNU note of type 3 near its beginning (elf(5)). Empty
/// when it has none.
std::string build_id(const fs::path& file) {
    std::string beginning(4096, '\0');
    std::ifstream(file, std::ios::binary)
        .read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
    constexpr std::string_view note("\4\0\0\0\24\0\0\0\3\0\0\0GNU\0", 16);
    constexpr std::size_t bytes = 20;
    const std::size_t at = beginning.find(note);
    std::string id;
    for (std::size_t i = 0; at != std::string::npos && i < bytes && at + note.size() + i < beginning.size();
         ++i) {
        id += fmt::format("{:02x}", static_cast<unsigned char>(beginning[at + note.size() + i]));
    }
    return id;
}

/// The debug information of the dynamic loader, without which Memcheck does not start, and no other: reading
/// the C library's takes Valgrind 40 % of a short run, for the names of lines that no student wrote. All of
/// it where the loader's cannot be told apart.
void show_loader_symbols(const fs::path& root, SystemView& view) {
    const fs::path folder = root / "usr/lib/debug";
    const std::string id = build_id(root / "lib64/ld-linux-x86-64.so.2");
    std::error_code error;
    const fs::path file =
        id.empty() ? fs::path() : folder / ".build-id" / id.substr(0, 2) / (id.substr(2) + ".debug");
    if (!file.empty() && fs::is_regular_file(file, error)) {
        view.shown.push_back(file);
    } else if (is_folder(folder)) {
        view.shown.push_back(folder);
    }
}

void show_libraries(const fs::path& folder, SystemView& view) {
    std::error_code error;
    // Debian keeps libraries in a folder for each architecture; others keep them here.
    if (folder.filename() != "lib" || fs::exists(folder / "libc.so.6", error)) {
        show_files_and(folder, is_library_folder, view);
    } else {
        show_chosen(folder, is_library_or_its_folder, view);
    }
}

/// Shows /usr/bin or /bin, /usr/lib or /lib, and so on.
void show_programs_and_libraries(const fs::path& parent, SystemView& view) {
    for (const char* name : {"bin", "lib", "lib32", "lib64", "libx32"}) {
        const fs::path folder = parent / name;
        if (is_link(folder)) {
            view.shown.push_back(folder);
        } else if (is_folder(folder) && folder.filename() == "bin") {
            show_files_and(folder, never, view);
        } else if (is_folder(folder)) {
            show_libraries(folder, view);
        }
    }
}

/// What is shown, with the path that leads to it when no link is followed.
struct Shown {
    fs::path path;
    fs::path real;
};

std::vector<Shown> shown_folders(const SystemView& view) {
    std::vector<Shown> folders;
    for (const fs::path& path : view.shown) {
        std::error_code error;
        const fs::path real = is_folder(path) ? fs::canonical(path, error) : fs::path();
        if (!error && !real.empty()) {
            folders.push_back({path, real});
        }
    }
    return folders;
}

/// Covers a real path, which is below the folder that is shown.
void cover(const fs::path& place, const Shown& shown, SystemView& view) {
    view.covered.push_back(shown.path / place.lexically_relative(shown.real));
}

fs::path real_path(const fs::path& place) {
    std::error_code error;
    fs::path real = fs::canonical(place, error);
    return error ? fs::path() : real;
}

Result<void> cover_all(const PrivatePlaces& hidden, SystemView& view) {
    const std::vector<Shown> folders = shown_folders(view);
    std::vector<fs::path> places = hidden.mounts;
    for (const fs::path& place : hidden.persons) {
        places.push_back(real_path(place));
    }
    for (const fs::path& place : hidden.vmlabs) {
        const fs::path real = real_path(place);
        for (const Shown& shown : folders) {
            if (real == shown.real) {
                return machine_lacks(
                    fmt::format("{} is a folder of the system's own, which every program sees",
                                real.string()),
                    "move what vmlab and the submission keep there to a folder of their own");
            }
        }
        places.push_back(real);
        // What lies beside it is of its kind: other submissions.
        places.push_back(real.parent_path());
    }
    for (const fs::path& place : places) {
        for (const Shown& shown : folders) {
            if (lies_below(place, shown.real)) {
                cover(place, shown, view);
            }
        }
    }
    return {};
}

/// Leaves the outermost.
void simplify(std::vector<fs::path>& covered) {
    std::sort(covered.begin(), covered.end());
    std::vector<fs::path> outermost;
    for (const fs::path& path : covered) {
        if (outermost.empty() || (path != outermost.back() && !lies_below(path, outermost.back()))) {
            outermost.push_back(path);
        }
    }
    covered = std::move(outermost);
}

void add_without(const fs::path& path, const std::vector<fs::path>& covered, std::vector<fs::path>& result) {
    if (std::binary_search(covered.begin(), covered.end(), path) || is_link(path)) {
        return;
    }
    // What lies below a path follows it in the order of paths.
    const auto next = std::upper_bound(covered.begin(), covered.end(), path);
    if (next == covered.end() || !lies_below(*next, path)) {
        result.push_back(path);
        return;
    }
    for (const fs::directory_entry& entry : entries(path)) {
        add_without(entry.path(), covered, result);
    }
}

/// The octal escapes of /proc/self/mountinfo: blanks and the like.
std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string digits(text.substr(i + 1, 3));
        if (text[i] == '\\' && digits.size() == 3 &&
            digits.find_first_not_of("01234567") == std::string::npos) {
            result += static_cast<char>(std::strtol(digits.c_str(), nullptr, 8));
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

}  // namespace

std::vector<fs::path> own_places() {
    std::vector<fs::path> places;
    for (const char* name : {"HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "VMLAB_ROOT"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value == '/') {
            places.emplace_back(value);
        }
    }
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        places.push_back(program.parent_path());
    }
    return places;
}

std::vector<fs::path> mount_points() {
    std::vector<fs::path> points;
    std::ifstream table("/proc/self/mountinfo");
    for (std::string line; std::getline(table, line);) {
        std::istringstream words(line);
        std::string word;
        for (int i = 0; i < 5; ++i) {
            words >> word;
        }
        points.emplace_back(unescaped(word));
    }
    return points;
}

Result<SystemView> system_view(const fs::path& root, bool with_compiler, const PrivatePlaces& hidden) {
    SystemView view;
    show_programs_and_libraries(root / "usr", view);
    if (std::find(view.shown.begin(), view.shown.end(), root / "usr/lib") == view.shown.end()) {
        show_loader_symbols(root, view);
    }
    show_chosen(root / "usr/libexec", is_helper, view);
    show_chosen(root / "usr/share", is_data, view);
    if (with_compiler && is_folder(root / "usr/include")) {
        show_files_and(root / "usr/include", is_header_folder, view);
    }
    show_programs_and_libraries(root, view);
    if (const Result<void> done = cover_all(hidden, view); !done) {
        return tl::unexpected(done.error());
    }
    simplify(view.covered);
    return view;
}

std::vector<fs::path> without_covered(const SystemView& view) {
    std::vector<fs::path> result;
    for (const fs::path& shown : view.shown) {
        add_without(shown, view.covered, result);
    }
    return result;
}

}  // namespace vmlab::process
