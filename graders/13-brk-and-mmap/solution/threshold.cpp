// Activity 13: from which size on does malloc ask the kernel for a mapping of its own?
//
//     threshold       prints "threshold N"

#include <fmt/core.h>  // stays the first #include: then it costs almost no time to compile

#include <malloc.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {

// Whether malloc serves a request for so many bytes by a mapping of its own. The block is kept: freeing a
// mapping would raise the limit that is looked for, and freeing a block of the heap would leave room for the
// next question.
bool is_mapped(std::size_t size) {
    const std::size_t before = mallinfo2().hblks;
    if (std::malloc(size) == nullptr) {
        fmt::print(stderr, "threshold: malloc returned NULL\n");
        std::exit(EXIT_FAILURE);
    }
    return mallinfo2().hblks > before;
}

}  // namespace

int main() {
    mallopt(M_TOP_PAD, 0);            // the heap grows by what is asked for: no room for the next question
    std::size_t in_heap = 1;          // known to come from the heap
    std::size_t mapped = 32U << 20U;  // known to be a mapping, whatever the limit is (at most 32 MiB)
    while (mapped - in_heap > 1) {
        const std::size_t middle = in_heap + (mapped - in_heap) / 2;
        (is_mapped(middle) ? mapped : in_heap) = middle;
    }
    fmt::print("threshold {}\n", mapped);
    return EXIT_SUCCESS;
}
