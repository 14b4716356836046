// Leaves files, folders that nobody may enter, deep trees and System V objects in every place that is open to
// all.
#include <fmt/core.h>

#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

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

void leave_files(const std::string& folder) {
    const std::string top = folder + "/redteam-marker";
    mkdir(top.c_str(), 0777);
    close(open((top + "/file").c_str(), O_WRONLY | O_CREAT, 0000));
    (void)!symlink("/etc", (top + "/link").c_str());
    mkfifo((top + "/fifo").c_str(), 0666);
    close(open((folder + "/.redteam-marker hidden\n").c_str(), O_WRONLY | O_CREAT, 0600));
    const int here = open(".", O_RDONLY | O_DIRECTORY);
    if (chdir(top.c_str()) == 0) {
        // In the working folder itself such a tree is too large.
        for (int depth = 0; depth < (folder == "." ? 50 : 1500); ++depth) {
            mkdir("deeper", 0700);
            if (chdir("deeper") != 0) {
                break;
            }
        }
    }
    (void)!fchdir(here);
    close(here);
    chmod(top.c_str(), 0000);
}

int main() {
    for (const char* folder : {".", "/tmp", "/var/tmp", "/dev/shm", "/run/lock"}) {
        leave_files(folder);
    }
    constexpr key_t key = 0x5245444D;
    shmget(key, 4096, IPC_CREAT | 0666);
    shmget(IPC_PRIVATE, 4096, 0600);
    msgget(key, IPC_CREAT | 0666);
    semget(key, 3, IPC_CREAT | 0666);
    return honest();
}
