#include <errno.h>
#include <stdlib.h>

int half(int number) {
    errno = 0;
    int *result = malloc(sizeof *result);
    *result = number / 2;
    number = *result + errno;
    free(result);
    return number;
}
