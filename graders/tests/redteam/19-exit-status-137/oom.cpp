// Exits with the status that a shell shows for a killed program.
#include <fmt/core.h>

int main() {
    return 137;
}
