// libFuzzer's entry: one executable for each target, VMLAB_FUZZ_TARGET.

#include <cstddef>
#include <cstdint>

#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vmlab::fuzz::VMLAB_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}
