// Macros that unfold to a text of a billion words.
#include <fmt/core.h>

#define A x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x
#define B A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A
#define C B B B B B B B B B B B B B B B B B B B B B B B B B B B B B B B B
#define E C C C C C C C C C C C C C C C C C C C C C C C C C C C C C C C C
#define F E E E E E E E E E E E E E E E E E E E E E E E E E E E E E E E E
#define G F F F F F F F F F F F F F F F F F F F F F F F F F F F F F F F F

int x;
int main() {
    return 0 G;
}
