#include <cstdlib>
#include <iostream>
#include <vector>
using namespace std;
struct Block {
    int* p;
    Block() : p((int*)malloc(sizeof *p)) {}
    ~Block() {}
};
int main() {
    vector<Block> v;
    v.reserve(7);
    for (int i = 0; i < 7; i++) {
        v.emplace_back();
        if (!v.back().p) {
            cerr << "heap_growth: no memory" << endl;
            exit(1);
        }
        cout << v.back().p << endl;
    }
    if (v[0].p < v[6].p)
        cout << "heap grows up" << endl;
    else
        cout << "heap grows down" << endl;
    for (auto& b : v)
        free(b.p);
}
