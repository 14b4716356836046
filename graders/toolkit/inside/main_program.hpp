#pragma once

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstddef>
#include <cstdint>

namespace vmlab::inside {

/// Whether an address lies in the code of the main program. The kernel tells where its segments are
/// (getauxval), which needs neither a lock nor memory: this runs before the loader has finished its work.
inline bool in_main_program(const void* caller) {
    const auto* headers = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
    const std::size_t count = getauxval(AT_PHNUM);
    if (headers == nullptr) {
        return false;
    }
    std::uintptr_t base = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (headers[i].p_type == PT_PHDR) {
            base = reinterpret_cast<std::uintptr_t>(headers) - headers[i].p_vaddr;
        }
    }
    const auto address = reinterpret_cast<std::uintptr_t>(caller);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uintptr_t start = base + headers[i].p_vaddr;
        if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_X) != 0 && address >= start &&
            address < start + headers[i].p_memsz) {
            return true;
        }
    }
    return false;
}

}  // namespace vmlab::inside
