// Opens at run time, and lists, checkouts that lie below /usr.
#include <fmt/core.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

int honest() {
    int* blocks[5] = {};
    for (int*& block : blocks) {
        block = static_cast<int*>(std::malloc(sizeof(int)));
        if (block == nullptr) {
            fmt::print(stderr, "heap_growth: malloc returned NULL\n");
            return 1;
        }
        fmt::print("{}\n", static_cast<void*>(block));
        std::fflush(stdout);
    }
    fmt::print("heap grows {}\n", std::less<>{}(blocks[0], blocks[4]) ? "up" : "down");
    std::fflush(stdout);
    for (int* block : blocks) {
        std::free(block);
    }
    return 0;
}

const char* files[] = {"/usr/src/app/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/local/include/app/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/local/lib/app/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/share/app/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/lib/app/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/include/app/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/bin/app/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/lib/gcc/bound/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/include/c++/bound/01-heap-growth/solution/heap_growth.cpp",
                       "/usr/include/linked/01-heap-growth/solution/heap_growth.cpp",
                       "/proc/self/root/usr/src/app/01-heap-growth/solution/heap_growth.cpp",
                       "../../../../../../usr/src/app/01-heap-growth/solution/heap_growth.cpp"};

const char* folders[] = {"/usr/src/app",
                         "/usr/local/include/app",
                         "/usr/local/lib/app",
                         "/usr/share/app",
                         "/usr/lib/app",
                         "/usr/include/app",
                         "/usr/bin/app",
                         "/usr/lib/gcc/bound",
                         "/usr/include/c++/bound",
                         "/usr/include/linked",
                         "/usr/src",
                         "/usr/local",
                         "/usr/local/lib",
                         "/usr/share",
                         "/usr/lib",
                         "/proc/self/root/usr/src/app",
                         "../../../../../../usr/src/app"};

bool lists_a_checkout(const char* path) {
    DIR* folder = opendir(path);
    if (folder == nullptr) {
        return false;
    }
    bool found = false;
    while (const dirent* entry = readdir(folder)) {
        for (const char* name : {"app", "bound", "01-heap-growth"}) {
            found = found || std::strcmp(entry->d_name, name) == 0;
        }
    }
    closedir(folder);
    // A folder on the way to what is shown may be listed where it holds nothing else.
    return found;
}

int main() {
    for (const char* path : files) {
        if (open(path, O_RDONLY) >= 0) {
            fmt::print("readable: {}\n", path);
            return 1;
        }
        if (link(path, "own") == 0 || symlink(path, "own") != 0 || open("own", O_RDONLY) >= 0) {
            fmt::print("reachable by a link: {}\n", path);
            return 1;
        }
        unlink("own");
    }
    for (const char* path : folders) {
        if (lists_a_checkout(path)) {
            fmt::print("listed: {}\n", path);
            return 1;
        }
    }
    return honest();
}
