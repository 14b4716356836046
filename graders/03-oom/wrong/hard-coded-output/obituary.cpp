#include <fmt/core.h>

int main() {
    fmt::print("killed 4321 (hog) total-vm=67232 anon-rss=63832 scope=machine\n");
}
