#include <emscripten/em_macros.h>
#include <setjmp.h>

void call(void (*function)(void *, int), void *place, int value);

static void jump(void *place, int value) {
    longjmp(*(jmp_buf *)place, value);
}

EMSCRIPTEN_KEEPALIVE void jumps(void *place, int value) {
    call(jump, place, value);
}
