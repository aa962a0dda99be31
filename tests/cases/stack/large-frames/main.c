// Deep recursion and large frames in C fit into a stack of 8 MiB.
#include <emscripten/em_macros.h>
#include <emscripten/stack.h>
#include <string.h>

static char before = 1, after = 1;

static int sum(const char *bytes, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
        sum += bytes[i];
    }
    return sum;
}

static int large(void) {
    char bytes[7 << 20];
    memset(bytes, 1, sizeof bytes);
    return sum(bytes, sizeof bytes) == sizeof bytes;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    unsigned long size = emscripten_stack_get_base() - emscripten_stack_get_end();
    int known = size == 8 << 20 && emscripten_stack_get_free() <= size;
    return known && large() && before && after ? 42 : 1;
}
