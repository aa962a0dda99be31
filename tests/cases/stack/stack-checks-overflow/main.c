// Flags: -sSTACK_OVERFLOW_CHECK=2 -O1
// A check that finds an overflow ends the program, and the message says so.
#include <emscripten/em_macros.h>
#include <string.h>

static int sum(const char *bytes, int size) {
    int result = 0;
    for (int i = 0; i < size; i++) {
        result += bytes[i];
    }
    return result;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    char bytes[100 << 20];
    memset(bytes, 1, sizeof bytes);
    return sum(bytes, sizeof bytes);
}
