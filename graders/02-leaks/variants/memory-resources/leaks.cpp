#include <fmt/core.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <vector>

#include <forward_list>
#include <memory_resource>
int main() try {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    auto* heap = std::pmr::new_delete_resource();
    char* motto = static_cast<char*>(heap->allocate(64));
    std::strcpy(motto, "every block has one owner");
    int sum = 0;
    for (int v = 10; v <= 50; v += 10) {
        int* p = static_cast<int*>(heap->allocate(sizeof(int)));
        *p = v;
        sum += *p;
        heap->deallocate(p, sizeof(int));
    }
    fmt::print("sum of five integers: {}\n", sum);
    {
        std::pmr::forward_list<int> l(heap);
        for (int v = 1; v <= 4; ++v)
            l.push_front(v);
        fmt::print("nodes in the list: {}\n", std::distance(l.begin(), l.end()));
    }
    {
        std::pmr::vector<int> s(8, heap);
        std::iota(s.begin(), s.end(), 1);
        fmt::print("sum of the window: {}\n", std::accumulate(s.begin() + 4, s.end(), 0));
    }
    fmt::print("motto: {}\n", motto);
    heap->deallocate(motto, 64);
} catch (const std::bad_alloc&) {
    fmt::print(stderr, "leaks: out of memory\n");
    return 1;
}
