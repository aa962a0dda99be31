// A library in C++ throws, catches and destroys, and the program in C knows nothing of it.
#include <emscripten/em_macros.h>
#include <stdint.h>

int64_t guarded(int64_t number);
int guards(void);
int destroyed(void);

EMSCRIPTEN_KEEPALIVE int test(void) {
    if (guarded(42) != 84 || guarded(INT64_C(1) << 40) != INT64_C(1) << 41 || guarded(0) != -1) {
        return 1;
    }
    if (guards() != 1337 || destroyed() != 1) {
        return 2;
    }
    return 42;
}
