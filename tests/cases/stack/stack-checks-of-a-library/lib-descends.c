// Flags: -sSTACK_OVERFLOW_CHECK=2
#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE int descend(int depth) {
    volatile int block[16384];
    block[depth % 16384] = depth;
    return depth ? descend(depth - 1) + 1 + (block[depth % 16384] != depth) : 0;
}
