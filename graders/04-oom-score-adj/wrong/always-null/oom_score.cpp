#include <cstdio>
int main() {
    std::fputs("oom_score: malloc returned NULL\n", stderr);
    return 3;
}
