// Target: wasm32-wasi
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int library_calls;

int library_sum(const int *numbers, int count) {
    library_calls++;
    int *copy = malloc(count * sizeof *copy);
    assert(copy);
    memcpy(copy, numbers, count * sizeof *copy);
    int sum = 0;
    for (int i = 0; i < count; i++) {
        sum += copy[i];
    }
    free(copy);
    return sum;
}
