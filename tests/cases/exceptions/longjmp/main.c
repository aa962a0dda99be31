// `longjmp` returns to a function that is still running, from a deeper one and from itself, in
// loops and nested. Variables changed in between stay changed.
#include <emscripten/em_macros.h>
#include <setjmp.h>
#include <stdio.h>

static jmp_buf outer, inner;

static __attribute__((noinline)) void leave(jmp_buf where, int value, int depth) {
    char block[100];
    snprintf(block, sizeof block, "%d", depth);
    if (depth > 0) {
        leave(where, value, depth - 1);
    }
    printf("leaving at depth %s with %d\n", block, value);
    longjmp(where, value);
}

static int nested(void) {
    volatile int steps = 0;
    int value = setjmp(outer);
    steps++;
    if (value == 0) {
        switch (setjmp(inner)) {
        case 0:
            leave(inner, 1, 2);
        case 1:
            steps += 10;
            leave(inner, 2, 0);
        case 2:
            steps += 100;
            leave(outer, 3, 1);
        }
    }
    return steps * 10 + value;
}

// A value of 0 becomes 1, and the place can be used again and again.
static int loop(void) {
    volatile int rounds = 0;
    int value = setjmp(outer);
    if (++rounds < 1000) {
        longjmp(outer, 0);
    }
    return rounds + value;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    printf("%d\n", nested());
    printf("%d\n", loop());
    return 42;
}
