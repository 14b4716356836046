// Activity 13: from which size on does malloc ask the kernel for a mapping of its own?
//
// The search is there. What is missing is the experiment: is_mapped() has to ask malloc.
//
//     threshold       prints "threshold N"

#include <fmt/core.h>  // stays the first #include: then it costs almost no time to compile

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {

// Whether malloc serves a request for so many bytes by a mapping of its own.
bool is_mapped(std::size_t size) {
    // TODO: this is what people say. Ask malloc instead. What does your question leave behind, and does that
    // change the next answer?
    return size >= 131072;
}

}  // namespace

int main() {
    std::size_t in_heap = 1;          // known to come from the heap
    std::size_t mapped = 32U << 20U;  // known to be a mapping, whatever the limit is (at most 32 MiB)
    while (mapped - in_heap > 1) {
        const std::size_t middle = in_heap + (mapped - in_heap) / 2;
        (is_mapped(middle) ? mapped : in_heap) = middle;
    }
    fmt::print("threshold {}\n", mapped);
    return EXIT_SUCCESS;
}
