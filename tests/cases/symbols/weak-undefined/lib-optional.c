// Refers weakly to what nobody defines. Code takes both addresses, a static initialiser too, and finds
// null. The linker must not report it as missing.
#include <emscripten/em_macros.h>
#include <stddef.h>

__attribute__((weak)) void missing_function(void);
__attribute__((weak)) extern int missing_data;

static void (*static_function)(void) = missing_function;
static int *static_data = &missing_data;

EMSCRIPTEN_KEEPALIVE int nothing_is_there(void) {
    if (missing_function) {
        missing_function();
        return 1;
    }
    if (&missing_data) {
        return 2 + missing_data;
    }
    return static_function == NULL && static_data == NULL ? 0 : 3;
}
