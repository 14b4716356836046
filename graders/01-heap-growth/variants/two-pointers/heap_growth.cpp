#include <cstdio>
#include <cstdlib>

int main(int, char** argv) {
    setbuf(stdout, NULL);
    int* before = NULL;
    bool up = false;
    for (int i = 0; i != 5; i++) {
        int* now = (int*)malloc(sizeof(int));
        if (now == NULL) {
            perror(argv[0]);
            return 1;
        }
        printf("%p\n", (void*)now);
        if (before != NULL)
            up = now > before;
        before = now;
    }
    printf("heap grows %s\n", up ? "up" : "down");
    return 0;
}
