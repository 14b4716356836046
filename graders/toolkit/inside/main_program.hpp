#pragma once

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

#include "settings.hpp"

namespace vmlab::inside {

/// Where the code of the main program lies. A question to it needs neither a lock nor memory nor libc. Until
/// it is made from the settings, no address lies in it.
class MainProgram {
  public:
    constexpr MainProgram() = default;

    explicit MainProgram(const Settings& settings) {
        const auto* headers = reinterpret_cast<const ElfW(Phdr)*>(settings.auxiliary(AT_PHDR));
        const std::size_t count = headers == nullptr ? 0 : settings.auxiliary(AT_PHNUM);
        std::uintptr_t base = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (headers[i].p_type == PT_PHDR) {
                base = reinterpret_cast<std::uintptr_t>(headers) - headers[i].p_vaddr;
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_X) != 0 && parts_ < most_parts) {
                part_[parts_++] = {base + headers[i].p_vaddr, headers[i].p_memsz};
            }
        }
    }

    [[nodiscard]] bool holds(const void* code) const {
        const auto address = reinterpret_cast<std::uintptr_t>(code);
        for (std::size_t i = 0; i < parts_; ++i) {
            if (address - part_[i].start < part_[i].bytes) {
                return true;
            }
        }
        return false;
    }

  private:
    static constexpr std::size_t most_parts = 8;
    struct Part {
        std::uintptr_t start;
        std::size_t bytes;
    };
    Part part_[most_parts] = {};
    std::size_t parts_ = 0;
};

}  // namespace vmlab::inside
