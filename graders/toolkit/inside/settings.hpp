#pragma once

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

namespace vmlab::inside {

/// What the kernel put beside a new process's arguments: its variables, and where its program lies. It is
/// read where the kernel put it, without libc: getenv, getauxval and strlen may be the program's own
/// functions.
///
/// Made in a constructor of a preloaded library. The loader calls that with (argc, argv, environment), before
/// any code of the program's own but its .preinit_array.
///
/// The variables are meant for the preloaded library alone, which takes them out. A program that looks
/// whether it is watched does not find them in its environment (it does in /proc/self/maps).
class Settings {
  public:
    explicit Settings(char** environment) : environment_(environment) {
        char** end = environment;
        while (*end != nullptr) {
            ++end;
        }
        auxiliary_ = reinterpret_cast<const ElfW(auxv_t)*>(end + 1);
    }

    /// Takes a variable out of the environment, and its text out of /proc/self/environ.
    void take_out(const char* name) {
        char** at = find(name);
        if (at == nullptr) {
            return;
        }
        for (char* byte = *at; *byte != '\0'; ++byte) {
            *const_cast<volatile char*>(byte) = '\0';
        }
        for (; *at != nullptr; ++at) {
            *at = *(at + 1);
        }
    }

    /// The text of a variable; NULL when there is none.
    [[nodiscard]] const char* text(const char* name) const {
        char** at = find(name);
        if (at == nullptr) {
            return nullptr;
        }
        const char* byte = *at;
        while (*byte != '=') {
            ++byte;
        }
        return byte + 1;
    }

    /// The whole number in a variable, which is taken out.
    long take_number(const char* name, long otherwise) {
        const char* digit = text(name);
        if (digit == nullptr) {
            return otherwise;
        }
        long number = 0;
        for (; *digit >= '0' && *digit <= '9'; ++digit) {
            number = number * 10 + (*digit - '0');
        }
        take_out(name);
        return number;
    }

    /// Whether these settings are meant for the program that is started as `name` (its argv[0]), and not for
    /// a tool that will start it.
    [[nodiscard]] bool are_for(const char* name) const {
        const char* wanted = text("VMLAB_PROGRAM");
        while (wanted != nullptr && *wanted != '\0' && *wanted == *name) {
            ++wanted;
            ++name;
        }
        return wanted != nullptr && *wanted == *name;
    }

    /// A value of the auxiliary vector; 0 when it is not there.
    [[nodiscard]] std::uintptr_t auxiliary(std::uint64_t type) const {
        for (const ElfW(auxv_t)* each = auxiliary_; each->a_type != AT_NULL; ++each) {
            if (each->a_type == type) {
                return each->a_un.a_val;
            }
        }
        return 0;
    }

  private:
    [[nodiscard]] char** find(const char* name) const {
        for (char** at = environment_; *at != nullptr; ++at) {
            const char* byte = *at;
            const char* letter = name;
            while (*letter != '\0' && *byte == *letter) {
                ++byte;
                ++letter;
            }
            if (*letter == '\0' && *byte == '=') {
                return at;
            }
        }
        return nullptr;
    }

    char** environment_;
    const ElfW(auxv_t) * auxiliary_;
};

}  // namespace vmlab::inside
