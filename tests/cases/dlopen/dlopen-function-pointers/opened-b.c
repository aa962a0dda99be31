#include <emscripten/em_macros.h>
#include <stdlib.h>

typedef int (*unary)(int);

int twice(int);
int never_taken(int);
int own(int);
extern int of_a;

static unary all[] = {twice, never_taken, abs, own};

EMSCRIPTEN_KEEPALIVE unary b_takes(int which) {
    return all[which];
}

EMSCRIPTEN_KEEPALIVE int b_reads(void) {
    return of_a;
}
