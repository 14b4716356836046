// For answers.toml, and as a real file to read: prints a line and waits for another. ZEROS adds bytes of
// .bss.

#include <iostream>
#include <string>

#ifndef ZEROS
#define ZEROS 1
#endif

char zeros[ZEROS];

int main() {
    std::cout << "waiting " << static_cast<int>(zeros[0]) << std::endl;
    std::string line;
    std::getline(std::cin, line);
    return 0;
}
