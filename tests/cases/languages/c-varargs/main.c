// Variadic functions of another module and of libc get arguments of several sizes and alignments.
#include <emscripten/em_macros.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

double sum(const char *types, ...);
int format(char *out, size_t size, const char *format, ...);

EMSCRIPTEN_KEEPALIVE int test(void) {
    if (sum("") != 0 || sum("i", -3) != -3) {
        return 1;
    }
    if (sum("ilidDi", 1, 20000000000LL, 2, 0.5, 0.25L, 3) != 20000000006.75) {
        return 2;
    }
    char text[64], other[64];
    int length = format(text, sizeof text, "%d %s %lld %.2f %c", 7, "seven", 1LL << 40, 0.125, '!');
    snprintf(other, sizeof other, "%d %s %lld %.2f %c", 7, "seven", 1LL << 40, 0.125, '!');
    if (length != (int)strlen("7 seven 1099511627776 0.12 !")) {
        return 3;
    }
    if (strcmp(text, "7 seven 1099511627776 0.12 !") || strcmp(text, other)) {
        return 4;
    }
    int (*volatile through_pointer)(char *, size_t, const char *, ...) = format;
    if (through_pointer(text, 4, "%s", "long text") != 9 || strcmp(text, "lon")) {
        return 5;
    }
    return 42;
}
