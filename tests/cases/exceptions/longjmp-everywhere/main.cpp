// The program, a library, a callback that Rust calls and a constructor each call `longjmp`.
#include "shared.h"
#include <emscripten/em_macros.h>
#include <cstdio>

std::jmp_buf place;

namespace {

void leaves_here() {
    std::longjmp(place, 1);
}

void leaves_a_callback() {
    through_rust([] { std::longjmp(place, 3); });
}

void leaves_a_constructor() {
    Leaves leaves;
}

int arrives_here(Function function) {
    if (int value = setjmp(place)) {
        return value;
    }
    function();
    return 0;
}

Function inner;
int result;

int arrives_in_a_callback(Function function) {
    inner = function;
    through_rust([] { result = arrives_here(inner); });
    return result;
}

int arrives_in_a_constructor(Function function) {
    return Arrives(function).value;
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    const Function leavers[] = {leaves_here, leaves_the_library, leaves_a_callback, leaves_a_constructor};
    int (*const places[])(Function) = {arrives_here, arrives_in_the_library, arrives_in_a_callback,
                                       arrives_in_a_constructor};
    for (Function leaver : leavers) {
        for (auto place : places) {
            std::printf("%d ", place(leaver));
        }
        std::puts("");
    }
    return 42;
}
