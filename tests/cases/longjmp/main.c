// `longjmp` to a function that is still running, from a deeper one and from itself, in loops and in nests. What
// was changed in between stays changed.
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

// Of every type that a function may return.
static __attribute__((noinline)) long long wide(long long n) {
    if (n > 3) {
        longjmp(inner, (int)n);
    }
    return n;
}
static __attribute__((noinline)) double real(double n, float m) {
    if (n > 3) {
        longjmp(inner, (int)(n * m));
    }
    return n;
}

static int types(void) {
    volatile long long sum = 0;
    int value = setjmp(inner);
    if (value == 0) {
        for (long long n = 0;; n++) {
            sum += wide(n);
        }
    } else if (value == 4) {
        for (double n = 0.5;; n++) {
            sum += (long long)real(n, 2);
        }
    }
    return (int)sum * 10 + value;
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
    printf("%d\n", types());
    printf("%d\n", loop());
    return 42;
}
