// Includes itself, twice each time.
#include <fmt/core.h>

#include __FILE__
#include __FILE__

int main() {}
