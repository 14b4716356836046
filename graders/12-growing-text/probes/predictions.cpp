// For answers.toml: how long a std::string gets before it needs a block, and where a second large one lies.

#include <unistd.h>

#include <cstdio>
#include <string>

int main() {
    std::string small;
    while (small.size() < small.capacity()) {
        small.push_back('x');
    }
    const std::size_t longest = small.size();
    { const std::string first(200'000, 'x'); }
    const std::string second(200'000, 'x');
    const bool in_heap = second.data() < static_cast<const char*>(sbrk(0));
    std::printf("%zu %s\n", longest, in_heap ? "heap" : "mapping");
    return 0;
}
