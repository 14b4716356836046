#include "vmlab/evidence/native_blocks.hpp"

#include "evidence/text.hpp"

namespace vmlab::evidence {

NativeBlocks native_blocks(std::string_view rows) {
    NativeBlocks found;
    std::map<std::uint64_t, std::uint64_t> sizes;  // of the program's blocks at these addresses
    while (auto row = next_line(rows)) {
        if (*row == "=") {
            found.to_the_end = true;
            continue;
        }
        const bool by_program = take(*row, "+");
        const bool is_taken = by_program || take(*row, "~");
        if (!is_taken && !take(*row, "-")) {
            continue;
        }
        const auto address = take_number<std::uint64_t>(*row, 16);
        if (!address) {
            continue;
        }
        if (!is_taken) {
            sizes.erase(*address);
            continue;
        }
        const auto size = take(*row, " ") ? take_number<std::uint64_t>(*row) : std::nullopt;
        if (!size) {
            continue;
        }
        ++found.taken[*size];
        if (!by_program) {
            continue;
        }
        found.addresses.push_back(*address);
        sizes[*address] = *size;
    }
    for (const auto& [address, size] : sizes) {
        ++found.never_freed[size];
    }
    return found;
}

}  // namespace vmlab::evidence
