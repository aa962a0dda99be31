// Flags: -sSAFE_HEAP
// Emscripten's checks of each access to memory accept the data of all modules, the heap and the
// stack.
#include <emscripten/em_macros.h>
#include <stdlib.h>

extern int of_library[4];
double add_up(const double *numbers, int count);

static int own[4] = {1, 2, 3, 4};
static char zero;

EMSCRIPTEN_KEEPALIVE int test(void) {
    double *heap = malloc(3 * sizeof *heap);
    double stack[3] = {1, 2, 3};
    for (int i = 0; i < 3; i++) {
        heap[i] = own[i] * of_library[i] + zero;
    }
    double sum = add_up(heap, 3) + add_up(stack, 3);
    free(heap);
    return (int)sum;
}
