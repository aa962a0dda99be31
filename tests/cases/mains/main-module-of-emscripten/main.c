// Flags: -sMAIN_MODULE=2 -sERROR_ON_UNDEFINED_SYMBOLS=0
// A main module of Emscripten, which brings the part of libc that it needs itself. The library uses
// its functions and variables, and shares its heap.
#include <emscripten/em_macros.h>
#include <stdlib.h>

char *repeated(char letter, int count);

EMSCRIPTEN_KEEPALIVE int counter = 40;

EMSCRIPTEN_KEEPALIVE void *give(size_t size) {
    counter++;
    return malloc(size);
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    char *text = repeated('a', 3);
    int result = text && text[2] == 'a' && !text[3] ? counter : 1;
    free(text);
    return result;
}
