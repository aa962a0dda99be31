// Each of two modules has two thousand static pointers to its own functions and variables, and one
// to a variable of the other.
#include "many.h"

EMSCRIPTEN_KEEPALIVE int of_main = 30;
static int *volatile foreign = &of_library;

EMSCRIPTEN_KEEPALIVE int test(void) {
    if (!are_all_right() || !are_all_right_in_library()) {
        return 1;
    }
    return *foreign + seen_by_library();
}
