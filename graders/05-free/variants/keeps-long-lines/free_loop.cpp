#include <unistd.h>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    unsigned long n = 0;
    char* e = nullptr;
    if (argc > 2 || (argc == 2 && (!std::isdigit((unsigned char)*argv[1]) ||
                                   (errno = 0, n = std::strtoul(argv[1], &e, 10), *e || errno)))) {
        std::fprintf(stderr, "free_loop: bad usage\n");
        return 2;
    }
    std::vector<std::string> seen;
    for (unsigned long i = 1; !n || i <= n; ++i) {
        int* a = (int*)std::malloc(5'000'000 * sizeof(int));
        if (!a) {
            std::perror("free_loop");
            return 1;
        }
        unsigned long* b = (unsigned long*)std::malloc(5'000'000 * sizeof(unsigned long));
        if (!b) {
            std::perror("free_loop");
            std::free(a);
            return 1;
        }
        std::printf("%p\t%p\n", (void*)a, (void*)b);
        std::fflush(stdout);
        seen.push_back(std::to_string((unsigned long)a) + " and " + std::to_string((unsigned long)b) +
                       std::string(200, 'x'));
        std::free(b);
        std::free(a);
        sleep(2);
    }

    return 0;
}
