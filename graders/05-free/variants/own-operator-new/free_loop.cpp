#include <unistd.h>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
static unsigned long made;
void* operator new[](std::size_t s) {
    ++made;
    void* p = std::malloc(s);
    if (!p)
        throw std::bad_alloc();
    return p;
}
void operator delete[](void* p) noexcept {
    std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
    std::free(p);
}
int main(int argc, char** argv) {
    unsigned long n = 0;
    char* e = nullptr;
    if (argc > 2 || (argc == 2 && (!std::isdigit((unsigned char)*argv[1]) ||
                                   (errno = 0, n = std::strtoul(argv[1], &e, 10), *e || errno)))) {
        std::fprintf(stderr, "free_loop: bad usage\n");
        return 2;
    }

    for (unsigned long i = 1; !n || i <= n; ++i) {
        int* a;
        unsigned long* b;
        try {
            a = new int[5'000'000];
        } catch (...) {
            std::fputs("free_loop: no memory\n", stderr);
            return 1;
        }
        try {
            b = new unsigned long[5'000'000];
        } catch (...) {
            delete[] a;
            std::fputs("free_loop: no memory\n", stderr);
            return 1;
        }
        std::printf("%p\t%p\n", (void*)a, (void*)b);
        std::fflush(stdout);
        delete[] b;
        delete[] a;
        sleep(2);
    }

    return 0;
}
