// Flags: -mnontrapping-fptoint
// Has an instruction that the program does not have.
#include <emscripten/em_macros.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void note(void);
int sum(int count, ...);

EMSCRIPTEN_KEEPALIVE int64_t divide(int64_t number, int by) {
    return number / by;
}

EMSCRIPTEN_KEEPALIVE int truncate(float number) {
    return __builtin_wasm_trunc_saturate_s_i32_f32(number);
}

// A type that no other function has.
EMSCRIPTEN_KEEPALIVE int digits(int a, int b, int c, int d, int e, int f, int g, int h, int i,
                                int j, int k, int l, int m) {
    int bits[] = {a, b, c, d, e, f, g, h, i, j, k, l, m};
    int result = 0;
    for (int index = 0; index < 13; index++) {
        result = result * 2 + bits[index];
    }
    return result;
}

static int ascending(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

EMSCRIPTEN_KEEPALIVE int (*order(void))(const void *, const void *) {
    return ascending;
}

static void add_twice(int *place, int number) {
    *place += 2 * number;
}

// Calls what it is given, and returns something else to call.
EMSCRIPTEN_KEEPALIVE void (*pass(void (*function)(int *, int), int *place, int number))(int *, int) {
    if (!function) {
        return NULL;
    }
    function(place, number);
    return add_twice;
}

EMSCRIPTEN_KEEPALIVE void notes_it(void) {
    note();
    void (*volatile pointer)(void) = note;
    pointer();
}

// The caller's text is on the stack above this block.
EMSCRIPTEN_KEEPALIVE int length(const char *text) {
    char block[1024] = {0};
    strncpy(block, text, sizeof block - 1);
    char *volatile read = block;
    return strlen(read);
}

EMSCRIPTEN_KEEPALIVE int thirteen(void) {
    return sum(3, 2, 20, -9);
}
