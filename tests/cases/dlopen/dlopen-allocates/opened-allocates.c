#include <emscripten/em_macros.h>
#include <stdlib.h>

EMSCRIPTEN_KEEPALIVE void *allocate(size_t size) {
    return malloc(size);
}

EMSCRIPTEN_KEEPALIVE void release(void *block) {
    free(block);
}
