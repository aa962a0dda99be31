// `longjmp` leaves libraries: one that calls back, and libc. A library also has its own `setjmp`.
#include <emscripten/em_macros.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

extern jmp_buf of_library;
int calls_back(int (*callback)(int), int n);
int protects(void (*function)(void));

static jmp_buf here;

static int callback(int n) {
    if (n == 3) {
        longjmp(here, 30 + n);
    }
    return n;
}

static int compare(const void *left, const void *right) {
    if (*(const int *)left == 13) {
        longjmp(here, 13);
    }
    return *(const int *)left - *(const int *)right;
}

static void leaves(void) {
    longjmp(of_library, 7);
}

static void returns(void) {}

EMSCRIPTEN_KEEPALIVE int test(void) {
    volatile int step = 0;
    int value = setjmp(here);
    printf("%d\n", value);
    switch (step++) {
    case 0:
        printf("%d\n", calls_back(callback, 2));
        printf("%d\n", calls_back(callback, 5));
        break;
    case 1: {
        int numbers[] = {3, 1, 13, 2};
        qsort(numbers, 4, sizeof *numbers, compare);
        break;
    }
    default:
        printf("%d %d\n", protects(leaves), protects(returns));
        return 42;
    }
    return 1;
}
