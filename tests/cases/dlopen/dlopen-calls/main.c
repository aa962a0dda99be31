// Calls between a program and a library that it opens: of every type, through pointers that either
// side takes, with any number of arguments, and down one stack.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int notes;

// The library calls it, and takes its address.
EMSCRIPTEN_KEEPALIVE void note(void) {
    notes++;
}

EMSCRIPTEN_KEEPALIVE int sum(int count, ...) {
    va_list arguments;
    va_start(arguments, count);
    int result = 0;
    for (int i = 0; i < count; i++) {
        result += va_arg(arguments, int);
    }
    va_end(arguments);
    return result;
}

static int descending(const void *a, const void *b) {
    return *(const int *)b - *(const int *)a;
}

static void add_to(int *place, int number) {
    *place += number;
}

static int calls_by_type(void *library) {
    int64_t (*divide)(int64_t, int) = (int64_t(*)(int64_t, int))dlsym(library, "divide");
    if (divide(INT64_C(-90000000000000), 7000) != INT64_C(-12857142857)) {
        return 1;
    }
    int (*truncate)(float) = (int (*)(float))dlsym(library, "truncate");
    if (truncate(-42.99f) != -42 || truncate(1e20f) != INT32_MAX) {
        return 2;
    }
    int (*digits)(int, int, int, int, int, int, int, int, int, int, int, int, int);
    *(void **)&digits = dlsym(library, "digits");
    return digits(1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1) != 0x1403 ? 3 : 0;
}

static int calls_through_pointers(void *library) {
    int (*(*order)(void))(const void *, const void *);
    *(void **)&order = dlsym(library, "order");
    int numbers[] = {4, 2, 5, 1, 3};
    qsort(numbers, 5, sizeof *numbers, descending);
    if (numbers[0] != 5 || numbers[4] != 1) {
        return 11;
    }
    qsort(numbers, 5, sizeof *numbers, order());
    if (numbers[0] != 1 || numbers[4] != 5) {
        return 12;
    }
    void (*(*pass)(void (*)(int *, int), int *, int))(int *, int);
    *(void **)&pass = dlsym(library, "pass");
    int place = 1;
    void (*twice)(int *, int) = pass(add_to, &place, 20);
    twice(&place, 10);
    if (place != 41 || twice == add_to || pass(NULL, &place, 1)) {
        return 13;
    }
    void (*notes_it)(void) = (void (*)(void))dlsym(library, "notes_it");
    notes_it();
    return notes != 2 ? 14 : 0;
}

static int calls_down_the_stack(void *library) {
    int (*length)(const char *) = (int (*)(const char *))dlsym(library, "length");
    int (*thirteen)(void) = (int (*)(void))dlsym(library, "thirteen");
    char text[128];
    snprintf(text, sizeof text, "foo%s", "bar");
    if (length(text) != 6 || strcmp(text, "foobar")) {
        return 21;
    }
    return thirteen() != 13 ? 22 : 0;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *library = dlopen("opened-calls.wasm", RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return 30;
    }
    int wrong = calls_by_type(library);
    wrong = wrong ? wrong : calls_through_pointers(library);
    wrong = wrong ? wrong : calls_down_the_stack(library);
    return wrong ? wrong : 42;
}
