// In C.
#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE _Thread_local int of_c = 40;

EMSCRIPTEN_KEEPALIVE int *address_of_c(void) { return &of_c; }
