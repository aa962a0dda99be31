#include <emscripten/em_macros.h>
#include <iostream>

extern "C" {

EMSCRIPTEN_KEEPALIVE void prints() {
    std::cout << "printed\n";
}

EMSCRIPTEN_KEEPALIVE void *stream() {
    return &std::cout;
}

} // extern "C"
