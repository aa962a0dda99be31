// libc calls functions of two modules that were built long after it.
#include <emscripten/em_macros.h>
#include <stdlib.h>
#include <string.h>

int by_length(const void *a, const void *b);

static int by_letters(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    const char *words[] = {"ccc", "a", "dddd", "bb"};
    qsort(words, 4, sizeof *words, by_letters);
    if (strcmp(words[0], "a") || strcmp(words[3], "dddd")) {
        return 1;
    }
    words[0] = "a long one";
    qsort(words, 4, sizeof *words, by_length);
    if (strcmp(words[0], "bb") || strcmp(words[3], "a long one")) {
        return 2;
    }
    const char *four = "four";
    const char **found = bsearch(&four, words, 4, sizeof *words, by_length);
    return found && !strcmp(*found, "dddd") ? 42 : 3;
}
