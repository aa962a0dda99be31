#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE int numbers[4] = {1, 2, 3, 4};

EMSCRIPTEN_KEEPALIVE int get(int i) {
    return numbers[i];
}
