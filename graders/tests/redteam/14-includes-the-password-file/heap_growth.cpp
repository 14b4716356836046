// Includes a file that root alone can read.
#include <fmt/core.h>

#include "/etc/shadow"

int main() {}
