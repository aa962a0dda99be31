#include <emscripten/em_macros.h>
#include <stddef.h>
#include <string.h>

extern int counter;
void *give(size_t size);

EMSCRIPTEN_KEEPALIVE char *repeated(char letter, int count) {
    char *text = give((size_t)count + 1);
    if (text) {
        memset(text, letter, (size_t)count);
        text[count] = '\0';
        counter++;
    }
    return text;
}
