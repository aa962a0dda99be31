#include <emscripten/em_macros.h>
#include <stdlib.h>

typedef int (*unary)(int);

int twice(int);
int never_taken(int);
int own(int);

static unary all[] = {twice, never_taken, abs, own};

EMSCRIPTEN_KEEPALIVE unary b_takes(int which) {
    return all[which];
}
