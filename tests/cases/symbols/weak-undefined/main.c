// A weak reference to a symbol that another module defines is resolved.
#include <emscripten/em_macros.h>

__attribute__((weak)) int nothing_is_there(void);

EMSCRIPTEN_KEEPALIVE int test(void) {
    return nothing_is_there ? 42 + nothing_is_there() : 9;
}
