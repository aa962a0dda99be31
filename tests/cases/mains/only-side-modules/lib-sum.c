// Uses main's stack.
#include <emscripten/em_macros.h>
#include <stdint.h>

EMSCRIPTEN_KEEPALIVE int data_of_lib = 1;

EMSCRIPTEN_KEEPALIVE int sum_squares(const int *numbers, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
        sum += numbers[i] * numbers[i];
    }
    return sum;
}

EMSCRIPTEN_KEEPALIVE uintptr_t address_on_stack(void) {
    volatile uintptr_t address;
    address = (uintptr_t)&address;
    return address;
}
