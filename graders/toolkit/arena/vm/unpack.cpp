#include "arena/vm/unpack.hpp"

#include <fmt/format.h>

#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::arena {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t largest_content = 512U << 20U;

constexpr Compression compressions[] = {
    {"\x02\x21\x4c\x18"sv, "lz4", "lz4"},  // the legacy frame, the only one that the kernel reads
    {"\x28\xb5\x2f\xfd"sv, "zstd", "zstd"},
    {"\xfd\x37\x7a\x58\x5a\x00"sv, "xz", "xz-utils"},
    {"\x1f\x8b"sv, "gzip", "gzip"},
};

}  // namespace

const Compression* compression_of(std::string_view bytes) {
    for (const Compression& compression : compressions) {
        if (bytes.starts_with(compression.magic)) {
            return &compression;
        }
    }
    return nullptr;
}

process::Result<std::string> unpack(const Compression& compression, std::string_view bytes) {
    const auto tool = process::find_tool(compression.tool, compression.package);
    if (!tool) {
        return tl::unexpected(tool.error());
    }
    const auto folder = process::TemporaryFolder::create();
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const std::filesystem::path file = folder->path() / "compressed";
    if (const auto written = process::write_file_atomically(file, bytes); !written) {
        return tl::unexpected(written.error());
    }
    process::ToolOptions options;
    options.limits.output_bytes = largest_content;
    options.limits.file_bytes = 0;
    auto run = process::run_tool({tool->string(), "-dc", file.string()}, options);
    if (!run) {
        return tl::unexpected(run.error());
    }
    if (!run->succeeded()) {
        return process::failed(fmt::format("{}: {}: {}", compression.tool, run->describe(), run->err));
    }
    return std::move(run->out);
}

}  // namespace vmlab::arena
