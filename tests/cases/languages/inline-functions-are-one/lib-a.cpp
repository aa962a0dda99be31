// Calls the inline function, of which every module has a copy.
#include <emscripten/em_macros.h>

inline int &shared_counter() {
    static int counter = 10;
    return counter;
}

inline int limit = 5;

extern "C" EMSCRIPTEN_KEEPALIVE int count_in_a() {
    return ++shared_counter();
}

extern "C" EMSCRIPTEN_KEEPALIVE int *address_of_limit() {
    return &limit;
}

extern "C" EMSCRIPTEN_KEEPALIVE auto address_of_function() -> int &(*)() {
    return shared_counter;
}
