// The guest `NAME`, in C.

#include <stdint.h>
#include <stdlib.h>

// Returns 42, the sum of the numbers in a text. Other modules can call it, in any language.
int32_t NAME_answer(void) {
    char* rest;
    long sum = strtol("20 22", &rest, 10);
    return (int32_t)(sum + strtol(rest, NULL, 10));
}
