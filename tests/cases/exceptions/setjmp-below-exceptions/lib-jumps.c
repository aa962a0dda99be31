#include <emscripten/em_macros.h>
#include <setjmp.h>

void throws(int number);

static jmp_buf place;

EMSCRIPTEN_KEEPALIVE int with_setjmp(int number) {
    if (setjmp(place)) {
        return -1;
    }
    throws(number);
    return number;
}
