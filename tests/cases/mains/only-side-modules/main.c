// If all modules are side modules, the linker makes memory, table and a stack that grows down.
#include <emscripten/em_macros.h>
#include <stdint.h>

int sum_squares(const int *numbers, int count);
uintptr_t address_on_stack(void);
extern int data_of_lib;

static int data_of_main = 1;

EMSCRIPTEN_KEEPALIVE int test(void) {
    int numbers[1000];
    for (int i = 0; i < 1000; i++) {
        numbers[i] = i;
    }
    if (sum_squares(numbers, 1000) != 332833500) {
        return 1;
    }
    // One stack: what is called lies below its caller, and both below all data.
    uintptr_t here = (uintptr_t)numbers, there = address_on_stack();
    if (there >= here || here - there > 1024) {
        return 2;
    }
    if (here > (uintptr_t)&data_of_main || here > (uintptr_t)&data_of_lib) {
        return 3;
    }
    // Address 0 is nobody's.
    return there < 1024 ? 4 : 42;
}
