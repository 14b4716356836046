// Templates that need two to the power of a thousand of each other.
#include <fmt/core.h>

template <unsigned long A, unsigned long B>
struct Bomb {
    static constexpr unsigned long value = Bomb<A + 1, B * 2>::value + Bomb<A + 1, B * 2 + 1>::value;
};

int main() {
    return static_cast<int>(Bomb<0, 1>::value);
}
