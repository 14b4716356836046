#include <time.h>
// the starter's order: first freed before second is allocated; the line goes out in pieces, unbuffered
#include <unistd.h>
#include <cctype>
#include <cstdio>
#include <cstdlib>
int main(int argc, char** argv) {
    unsigned long n = 0;
    char* e = nullptr;
    if (argc > 2 ||
        (argc == 2 && (!std::isdigit((unsigned char)*argv[1]) || (n = std::strtoul(argv[1], &e, 10), *e)))) {
        std::fprintf(stderr, "free_loop: bad usage\n");
        return 2;
    }
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    for (unsigned long i = 0; !n || i < n; ++i) {
        auto* a = (int*)std::malloc(5'000'000 * sizeof(int));
        if (!a) {
            std::perror("free_loop");
            return 1;
        }
        std::printf("%p", (void*)a);
        std::putchar('\t');
        std::free(a);
        auto* b = (unsigned long*)std::malloc(5'000'000 * sizeof(unsigned long));
        if (!b) {
            std::perror("free_loop");
            return 1;
        }
        std::printf("%p", (void*)b);
        std::putchar('\n');
        std::free(b);
        timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_sec += 2;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
    }
    return 0;
}
