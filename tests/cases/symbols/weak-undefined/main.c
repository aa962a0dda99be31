// Refers weakly to what another module does define: then it is there.
#include <emscripten/em_macros.h>

__attribute__((weak)) int nothing_is_there(void);

EMSCRIPTEN_KEEPALIVE int test(void) {
    return nothing_is_there ? 42 + nothing_is_there() : 9;
}
