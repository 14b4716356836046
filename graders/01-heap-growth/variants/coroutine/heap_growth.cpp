#include <fmt/core.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <coroutine>
struct Gen {
    struct promise_type {
        int* value = nullptr;
        Gen get_return_object() { return Gen{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int* p) {
            value = p;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { std::abort(); }
    };
    std::coroutine_handle<promise_type> h;
    ~Gen() { h.destroy(); }
};
Gen blocks() {
    for (;;)
        co_yield static_cast<int*>(std::malloc(sizeof(int)));
}
int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    Gen g = blocks();
    std::array<int*, 5> v{};
    for (int*& b : v) {
        g.h.resume();
        b = g.h.promise().value;
        if (!b) {
            fmt::print(stderr, "heap_growth: NULL\n");
            return 1;
        }
        fmt::print("{}\n", (void*)b);
    }
    fmt::print("heap grows {}\n", std::less<>{}(v[0], v[4]) ? "up" : "down");
    for (int* b : v)
        std::free(b);
}