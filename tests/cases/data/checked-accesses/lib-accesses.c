// Flags: -sSAFE_HEAP
#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE int of_library[4] = {3, 6, 7, 8};

EMSCRIPTEN_KEEPALIVE double add_up(const double *numbers, int count) {
    static double sum;
    sum = 0;
    for (int i = 0; i < count; i++) {
        sum += numbers[i];
    }
    return sum;
}
