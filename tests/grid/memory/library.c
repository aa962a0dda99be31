// Calls the program by a pointer and by name, and lends it a function.
#include <emscripten/em_macros.h>

typedef int function(int);

int program_offset(void);

EMSCRIPTEN_KEEPALIVE int library_sum(const int *numbers, int count, function *each) {
    int sum = program_offset();
    for (int i = 0; i < count; i++) {
        sum += each(numbers[i]);
    }
    return sum;
}

static int twice(int x) {
    return 2 * x;
}

EMSCRIPTEN_KEEPALIVE function *library_function(void) {
    return twice;
}
