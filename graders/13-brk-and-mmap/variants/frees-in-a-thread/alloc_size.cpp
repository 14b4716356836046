#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <thread>
#include <vector>
struct Free {
    void operator()(void* p) const { std::free(p); }
};
static bool get(const char* a, std::size_t& v) {
    auto r = std::from_chars(a, a + std::strlen(a), v);
    return r.ec == std::errc{} && !*r.ptr && v;
}
int main(int argc, char** argv) {
    std::size_t s = 0, n = 0, r = 1;
    if (!(argc == 3 || argc == 4) || !get(argv[1], s) || !get(argv[2], n) ||
        (argc == 4 && !get(argv[3], r))) {
        std::fprintf(stderr, "usage: alloc_size SIZE COUNT [ROUNDS]\n");
        return 2;
    }
    for (std::size_t k = 0; k < r; ++k) {
        std::map<const void*, std::unique_ptr<void, Free>> m;
        for (std::size_t i = 0; i < n; ++i) {
            std::unique_ptr<void, Free> p(std::malloc(s));
            if (!p) {
                std::fputs("alloc_size: malloc has nothing\n", stderr);
                return 1;
            }
            std::printf("%p\n", p.get());
            std::fflush(stdout);
            const void* key = p.get();
            m.emplace(key, std::move(p));
        }
        std::printf("allocated\n");
        std::fflush(stdout);
        std::thread([&] { m.clear(); }).join();
        std::printf("freed\n");
        std::fflush(stdout);
    }
}
