// Lends the library an array and a function, and borrows a function of its.
#include <emscripten/em_macros.h>

typedef int function(int);

int library_sum(const int *numbers, int count, function *each);
function *library_function(void);

static int triple(int x) {
    return 3 * x;
}

// The library calls it by its name.
EMSCRIPTEN_KEEPALIVE int program_offset(void) {
    return 3;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    const int numbers[] = {1, 2, 3};
    return library_function()(library_sum(numbers, 3, triple));
}
