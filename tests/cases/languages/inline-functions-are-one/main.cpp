// An inline function with a static variable, and an inline variable, are defined in every module
// that uses them. C++ requires one of each, with one address: all modules use the first definition.
#include <emscripten/em_macros.h>

inline int &shared_counter() {
    static int counter = 10;
    return counter;
}

inline int limit = 5;

extern "C" int count_in_a();
extern "C" int *address_of_limit();
extern "C" auto address_of_function() -> int &(*)();

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    if (++shared_counter() != 11 || count_in_a() != 12 || shared_counter() != 12) {
        return 1;
    }
    if (address_of_limit() != &limit) {
        return 2;
    }
    int &(*volatile function)() = shared_counter;
    if (address_of_function() != function) {
        return 3;
    }
    return 42;
}
