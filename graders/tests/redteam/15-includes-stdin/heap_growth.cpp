// Includes standard input, and a terminal.
#include <fmt/core.h>

#include "/dev/stdin"
#include "/dev/tty"

int main() {}
