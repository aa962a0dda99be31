// `longjmp` leaves functions of every result type.
#include <emscripten/em_macros.h>
#include <setjmp.h>
#include <stdio.h>

static jmp_buf inner;

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

EMSCRIPTEN_KEEPALIVE int test(void) {
    printf("%d\n", types());
    return 42;
}
