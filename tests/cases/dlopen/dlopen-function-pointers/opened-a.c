#include <emscripten/em_macros.h>
#include <stdlib.h>

typedef int (*unary)(int);

int twice(int);
int never_taken(int);

EMSCRIPTEN_KEEPALIVE int of_a = 3;

EMSCRIPTEN_KEEPALIVE int own(int x) {
    return 5 * x;
}

EMSCRIPTEN_KEEPALIVE int alias(int) __attribute__((alias("own")));

EMSCRIPTEN_KEEPALIVE unary a_takes(int which) {
    unary all[] = {twice, never_taken, abs, own};
    return all[which];
}
