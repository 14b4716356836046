// A trusted probe: asks the kernel of this machine what answers.toml asks the student. It holds no C++
// library, so that it builds in no time.
//
//   kernel_facts range           prints the smallest and the largest number that oom_score_adj takes
//   kernel_facts hold ADJ MIB    writes ADJ to its oom_score_adj, touches MIB, prints "ready", sleeps
//   kernel_facts grow MIB        touches one MiB after another, MIB in all

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// 0, or the errno with which the kernel refused the number.
static int write_adj(int adj) {
    char text[16];
    const int length = snprintf(text, sizeof text, "%d", adj);
    const int file = open("/proc/self/oom_score_adj", O_WRONLY);
    if (file < 0)
        return errno;
    const int error = write(file, text, static_cast<size_t>(length)) < 0 ? errno : 0;
    close(file);
    return error;
}

/// The last number in the direction of `step` that is not refused as invalid. Refused for lack of permission
/// (EACCES) is not invalid.
static int last_valid(int step) {
    int adj = 0;
    while (adj > -100000 && adj < 100000 && write_adj(adj + step) != EINVAL)
        adj += step;
    return adj;
}

static void touch(size_t mib) {
    void* block = malloc(mib << 20U);
    if (block == nullptr)
        exit(3);
    memset(block, 1, mib << 20U);
}

int main(int argc, char** argv) {
    if (argc == 2 && strcmp(argv[1], "range") == 0) {
        const int smallest = last_valid(-1);
        printf("%d %d\n", smallest, last_valid(1));
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "hold") == 0) {
        if (write_adj(atoi(argv[2])) != 0)
            return 1;
        touch(strtoul(argv[3], nullptr, 10));
        puts("ready");
        fflush(stdout);
        sleep(600);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "grow") == 0) {
        for (unsigned long mib = strtoul(argv[2], nullptr, 10); mib > 0; --mib)
            touch(1);
        return 0;
    }
    return 2;
}
