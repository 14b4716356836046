#include "evidence/open_elf.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "vmlab/process/files.hpp"

namespace vmlab::evidence {

process::Result<OpenElf> open_elf(const std::filesystem::path& file) {
    constexpr std::size_t largest_program = 256U << 20U;
    auto content = process::read_file(file, largest_program);
    if (!content) {
        return tl::unexpected(content.error());
    }
    const auto no_elf = [&file](std::string_view why) {
        return process::failed(fmt::format("{} is no ELF executable: {}", file.string(), why));
    };
    if (elf_version(EV_CURRENT) == EV_NONE) {
        return process::failed("libelf is older than its own header");
    }
    OpenElf open{std::make_unique<std::string>(std::move(*content)), nullptr, {}};
    open.elf.reset(elf_memory(open.content->data(), open.content->size()));
    if (!open.elf || elf_kind(open.elf.get()) != ELF_K_ELF) {
        return no_elf("it does not begin as one");
    }
    if (gelf_getehdr(open.elf.get(), &open.header) == nullptr) {
        return no_elf(elf_errmsg(-1));
    }
    if (open.header.e_type != ET_EXEC && open.header.e_type != ET_DYN) {
        return no_elf("it is an object file or a core dump");
    }
    return open;
}

}  // namespace vmlab::evidence
