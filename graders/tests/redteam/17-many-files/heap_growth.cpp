// Makes files without end, in folders within folders.
#include <fmt/core.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main() {
    for (int folder = 0;; ++folder) {
        mkdir("deeper", 0777);
        if (chdir("deeper") != 0) {
            return 1;
        }
        for (int number = 0; number < 50; ++number) {
            close(open(fmt::format("{}", number).c_str(), O_WRONLY | O_CREAT, 0666));
        }
    }
}
