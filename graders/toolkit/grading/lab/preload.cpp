#include "grading/lab/preload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <random>
#include <system_error>

namespace vmlab::grading {

std::filesystem::path preload_file(const std::filesystem::path& support, Preload preload) {
    switch (preload) {
        case Preload::heap_grows_down:
            return support / "vmlab-heap-grows-down.so";
        case Preload::malloc_fails:
            return support / "vmlab-malloc-fails.so";
        case Preload::blocks_forget:
            return support / "vmlab-blocks-forget.so";
        case Preload::counts_blocks:
            return support / "vmlab-counts-blocks.so";
        case Preload::mmap_populates:
            return support / "vmlab-mmap-populates.so";
        case Preload::shows_writes:
            return support / "vmlab-shows-writes.so";
        case Preload::none:
            break;
    }
    return {};
}

std::vector<std::filesystem::path> preload_libraries(const std::filesystem::path& support,
                                                     const NativeOptions& options) {
    std::vector<std::filesystem::path> libraries;
    if (options.preload != Preload::none) {
        libraries.push_back(preload_file(support, options.preload));
    }
    if (options.brief_sleeps) {
        libraries.push_back(support / "vmlab-sleeps-briefly.so");
    }
    return libraries;
}

std::string preload_value(const std::filesystem::path& library, const std::filesystem::path& executable) {
    if (library.string().find_first_of(" :$") == std::string::npos) {
        return library.string();
    }
    // $ORIGIN is replaced after the splitting, by whatever the folder is called. The link may be there
    // already.
    std::error_code error;
    std::filesystem::create_symlink(library, executable.parent_path() / library.filename(), error);
    return "$ORIGIN/" + library.filename().string();
}

std::map<std::string, std::string> preload_variables(const std::filesystem::path& support,
                                                     const Program& program, const NativeOptions& options) {
    std::map<std::string, std::string> variables = options.environment;
    std::string& preloaded = variables["LD_PRELOAD"];
    for (const std::filesystem::path& library : preload_libraries(support, options)) {
        preloaded += (preloaded.empty() ? "" : ":") + preload_value(library, program.executable);
    }
    if (options.preload == Preload::malloc_fails || options.preload == Preload::heap_grows_down) {
        // These may be loaded into Valgrind, too, on the way to the program.
        variables["VMLAB_PROGRAM"] = program.executable.string();
    }
    if (options.preload == Preload::malloc_fails) {
        variables["VMLAB_MALLOC_CALLS_THAT_WORK"] = std::to_string(options.malloc_calls_that_work);
        if (options.malloc_calls_that_fail) {
            variables["VMLAB_MALLOC_CALLS_THAT_FAIL"] = std::to_string(*options.malloc_calls_that_fail);
        }
    }
    if (options.plain_new_gives_null) {
        variables["VMLAB_PLAIN_NEW_GIVES_NULL"] = "1";
    }
    if (options.preload == Preload::heap_grows_down) {
        // Only the last bit of a drawn number tells the direction: no name or list of what is loaded does.
        std::random_device draw;
        variables["VMLAB_HEAP_SEED"] = std::to_string((draw() & ~1U) + (options.heap_grows_up ? 1U : 0U));
    }
    const auto& sizes = options.preload == Preload::shows_writes ? options.shown_sizes : options.block_sizes;
    if (!sizes.empty()) {
        variables["VMLAB_BLOCK_SIZES"] = fmt::format("{}", fmt::join(sizes, ","));
    }
    return variables;
}

}  // namespace vmlab::grading
