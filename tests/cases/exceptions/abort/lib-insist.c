// Aborts the program unless its condition holds.
#include <emscripten/em_macros.h>
#include <stdlib.h>

EMSCRIPTEN_KEEPALIVE void insist(int condition) {
    if (!condition) {
        abort();
    }
}
