#include <emscripten/em_macros.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

EMSCRIPTEN_KEEPALIVE char *copy(const char *text) {
    char *block = malloc(strlen(text) + 1);
    strcpy(block, text);
    return block;
}

EMSCRIPTEN_KEEPALIVE double power_of_two(double exponent) {
    return pow(2, exponent);
}

EMSCRIPTEN_KEEPALIVE void print(const char *text) {
    printf("ended by the library: %s\n", text);
}
