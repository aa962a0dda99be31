// A command that keeps a memory of its own, which grows; `deep` calls as deep as its argument says.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int deep(int depth) {
    volatile char here[64];
    here[0] = 1;
    return depth ? deep(depth - 1) + here[0] : 0;
}

int main(int argc, char **argv) {
    const size_t size = 40 << 20;
    char *bytes = malloc(size);
    if (!bytes || argc != 2) {
        return 1;
    }
    memset(bytes, 2, size);
    printf("%d\n", deep(atoi(argv[1])) + bytes[size - 1]);
    return 0;
}
