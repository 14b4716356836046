#include <fmt/core.h>
#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <vector>
struct Free {
    void operator()(int* p) const { std::free(p); }
};
using Owned = std::unique_ptr<int, Free>;
int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::vector<Owned> owned;
    for (int i = 0; i < 6; ++i) {
        void* raw = std::malloc(sizeof(int));
        if (!raw) {
            fmt::print(stderr, "heap_growth: malloc gave NULL at block {}\n", i);
            return EXIT_FAILURE;
        }
        owned.emplace_back(::new (raw) int(i));
        fmt::print("{}\n", static_cast<void*>(owned.back().get()));
    }
    const bool up = std::is_sorted(owned.begin(), owned.end(), [](const Owned& a, const Owned& b) {
        return std::less<>{}(a.get(), b.get());
    });
    fmt::print("heap grows {}\n", up ? "up" : "down");
}
