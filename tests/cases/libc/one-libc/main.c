// All modules use one libc: its heap, its buffer of the standard output and its mathematics.
#include <emscripten/em_macros.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *copy(const char *text);
double power_of_two(double exponent);
void print(const char *text);

EMSCRIPTEN_KEEPALIVE int test(void) {
    char *text = copy("through the library");
    char *again = malloc(strlen(text) + 1);
    strcpy(again, text);
    text[0] = 'T';
    printf("a line of the program, ");
    print(text);
    printf("%s\n", again);
    // The library's block, and the program's own.
    text = realloc(text, 10000);
    free(again);
    int is_kept = !strcmp(text, "Through the library");
    free(text);
    return is_kept && (int)power_of_two(5.9) == 59 ? 42 : 1;
}
