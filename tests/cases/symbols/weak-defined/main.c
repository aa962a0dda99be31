// Weak definitions are used if there are no others.
#include <emscripten/em_macros.h>

extern int limit;
int scale(int);
int scaled_limit(void);

EMSCRIPTEN_KEEPALIVE int test(void) {
    int (*volatile pointer)(int) = scale;
    if (!pointer || pointer(3) != 6) {
        return 1;
    }
    if (scale(4) != 8) {
        return 2;
    }
    if (scaled_limit() != 40) {
        return 3;
    }
    limit = 21;
    return scaled_limit();
}
