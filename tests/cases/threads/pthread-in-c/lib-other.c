// Flags: -pthread
#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE _Thread_local int other = 20;
EMSCRIPTEN_KEEPALIVE int numbers[2] = {11, 12};

EMSCRIPTEN_KEEPALIVE int *address_of_other(void) { return &other; }
