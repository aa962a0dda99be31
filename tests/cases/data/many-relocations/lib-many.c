#include "many.h"

EMSCRIPTEN_KEEPALIVE int of_library = 12;
static int *volatile foreign = &of_main;

EMSCRIPTEN_KEEPALIVE int are_all_right_in_library(void) {
    return are_all_right();
}

EMSCRIPTEN_KEEPALIVE int seen_by_library(void) {
    return *foreign;
}
