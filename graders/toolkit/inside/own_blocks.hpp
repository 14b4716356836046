#pragma once

#include <cstddef>
#include <cstdint>

#include "main_program.hpp"
#include "settings.hpp"

namespace vmlab::inside {

/// Which of all blocks are the program's own: those that its code asks for, and those that a library gets for
/// it by `new` (a std::string's, a memory resource's), where they have one of the sizes that
/// VMLAB_BLOCK_SIZES names. What libraries need for themselves, iostreams and the loader, is never of them.
class OwnBlocks {
  public:
    constexpr OwnBlocks() = default;

    OwnBlocks(Settings& settings) : program_(settings) {
        const char* text = settings.text("VMLAB_BLOCK_SIZES");
        while (text != nullptr && *text != '\0' && count_ < most_sizes) {
            std::size_t size = 0;
            for (; *text >= '0' && *text <= '9'; ++text) {
                size = size * 10 + static_cast<std::size_t>(*text - '0');
            }
            size_[count_++] = size;
            text += *text != '\0' ? 1 : 0;
        }
        settings.take_out("VMLAB_BLOCK_SIZES");
    }

    [[nodiscard]] bool asked_for_by(const void* caller) const { return program_.holds(caller); }

    [[nodiscard]] bool made_by_new(const void* caller, std::size_t size) const {
        for (std::size_t i = 0; i < count_; ++i) {
            if (size_[i] == size) {
                return true;
            }
        }
        return asked_for_by(caller);
    }

  private:
    static constexpr std::size_t most_sizes = 8;
    MainProgram program_;
    std::size_t size_[most_sizes] = {};
    std::size_t count_ = 0;
};

}  // namespace vmlab::inside
