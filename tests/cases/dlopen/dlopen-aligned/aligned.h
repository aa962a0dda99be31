// The same in each library.
#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE int before = 0;
EMSCRIPTEN_KEEPALIVE __attribute__((aligned(1024))) int aligned = 12345;
EMSCRIPTEN_KEEPALIVE char after[20000];

// Set by the constructor, if it finds the pointer right.
EMSCRIPTEN_KEEPALIVE int relocated = 0;
static int *volatile pointer = &aligned;

__attribute__((constructor)) static void construct(void) {
    relocated = pointer == &aligned && *pointer == 12345;
}
