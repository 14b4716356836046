#include "arena/vm/modules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "arena/vm/unpack.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::arena {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_module = 64U << 20U;

/// "kernel/drivers/char/hw_random/virtio-rng.ko.xz" is the module virtio_rng.
std::string name_of(std::string_view path) {
    std::string name(path.substr(path.rfind('/') + 1));
    name.erase(std::min(name.find(".ko"), name.size()));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

std::set<std::string> built_in(const fs::path& folder) {
    std::set<std::string> names;
    const auto text = process::read_file(folder / "modules.builtin");
    if (!text) {
        return names;
    }
    for (std::size_t begin = 0; begin < text->size();) {
        const std::size_t end = std::min(text->find('\n', begin), text->size());
        names.insert(name_of(std::string_view(*text).substr(begin, end - begin)));
        begin = end + 1;
    }
    return names;
}

std::map<std::string, fs::path> files_below(const fs::path& folder) {
    std::map<std::string, fs::path> files;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder / "kernel", error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().filename().string().find(".ko") != std::string::npos) {
            files.emplace(name_of(entry->path().string()), entry->path());
        }
    }
    return files;
}

process::Result<std::string> read_module(const fs::path& file) {
    auto content = process::read_file(file, largest_module);
    if (!content) {
        return content;
    }
    const Compression* compression = compression_of(*content);
    return compression == nullptr ? content : unpack(*compression, *content);
}

class Loader {
  public:
    explicit Loader(const fs::path& folder)
        : folder_(folder), built_in_(built_in(folder)), files_(files_below(folder)) {}

    process::Result<void> load(const std::string& name) {
        if (built_in_.contains(name) || !loaded_.insert(name).second) {
            return {};
        }
        const auto file = files_.find(name);
        if (file == files_.end()) {
            return process::machine_lacks(
                fmt::format("the kernel of {} has no driver {}", folder_.string(), name),
                "name another kernel by VMLAB_KERNEL and VMLAB_KERNEL_MODULES, or unset them: scripts/setup "
                "--vm fetches one that has it");
        }
        auto content = read_module(file->second);
        if (!content) {
            return tl::unexpected(content.error());
        }
        for (const std::string& dependency : dependencies_of(*content)) {
            if (auto done = load(dependency); !done) {
                return done;
            }
        }
        in_order_.push_back({name, std::move(*content)});
        return {};
    }

    std::vector<KernelModule> finish() && { return std::move(in_order_); }

  private:
    fs::path folder_;
    std::set<std::string> built_in_;
    std::map<std::string, fs::path> files_;
    std::set<std::string> loaded_;
    std::vector<KernelModule> in_order_;
};

}  // namespace

std::vector<std::string> dependencies_of(std::string_view module_content) {
    constexpr std::string_view key("\0depends=", 9);
    std::vector<std::string> names;
    const std::size_t at = module_content.find(key);
    if (at == std::string_view::npos) {
        return names;
    }
    std::string_view list = module_content.substr(at + key.size());
    list = list.substr(0, list.find('\0'));
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (comma > 0) {
            names.push_back(name_of(list.substr(0, comma)));
        }
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return names;
}

process::Result<std::vector<KernelModule>> modules_for(const fs::path& folder,
                                                       const std::vector<std::string_view>& wanted,
                                                       const std::vector<std::string_view>& welcome) {
    Loader loader(folder);
    for (const std::string_view name : wanted) {
        if (auto done = loader.load(std::string(name)); !done) {
            return tl::unexpected(done.error());
        }
    }
    for (const std::string_view name : welcome) {
        (void)loader.load(std::string(name));
    }
    return std::move(loader).finish();
}

}  // namespace vmlab::arena
