// Includes a device that never ends.
#include <fmt/core.h>

#include "/dev/zero"

int main() {}
