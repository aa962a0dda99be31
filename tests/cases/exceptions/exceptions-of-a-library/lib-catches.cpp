// Flags: -fexceptions
#include <emscripten/em_macros.h>
#include <cstdint>

namespace {

int count;

struct Counts {
    ~Counts() { count++; }
};

__attribute__((noinline)) std::int64_t twice(std::int64_t number) {
    if (number == 0) {
        throw 5.5f;
    }
    return 2 * number;
}

// At a type of which the program has no function.
int special(float a, double b, int c) {
    return a == 2.5f && b == 3.25 && c == 42 ? 1337 : 0;
}

} // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE std::int64_t guarded(std::int64_t number) {
    try {
        return twice(number);
    } catch (double) {
        return -2;
    } catch (float thrown) {
        return thrown == 5.5f ? -1 : -3;
    }
}

// A call that could throw, past an object with a destructor.
EMSCRIPTEN_KEEPALIVE int guards() {
    Counts counts;
    int (*volatile function)(float, double, int) = special;
    return function(2.5f, 3.25, 42);
}

EMSCRIPTEN_KEEPALIVE int destroyed() {
    return count;
}
}
