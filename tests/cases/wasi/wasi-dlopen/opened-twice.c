// Target: wasm32-wasi
#include <errno.h>
#include <stdio.h>

int twice(int number) {
    errno = 0;
    printf("twice, errno %d\n", errno);
    return 2 * number;
}
