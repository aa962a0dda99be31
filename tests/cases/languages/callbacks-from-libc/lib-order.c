// A comparison that main hands to libc.
#include <emscripten/em_macros.h>
#include <string.h>

EMSCRIPTEN_KEEPALIVE int by_length(const void *a, const void *b) {
    return (int)strlen(*(const char *const *)a) - (int)strlen(*(const char *const *)b);
}
