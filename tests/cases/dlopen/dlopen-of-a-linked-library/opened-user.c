#include <emscripten/em_macros.h>

int next(void);

EMSCRIPTEN_KEEPALIVE int uses(void) {
    return next();
}
