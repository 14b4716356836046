#include <fmt/core.h>

int main() {
    fmt::print("heap grows up\n")
}
