// Defines thread-local variables, one with a constructor that must have run before its first use.
#include <emscripten/em_macros.h>
#include <string>

EMSCRIPTEN_KEEPALIVE thread_local int plain = 40;
EMSCRIPTEN_KEEPALIVE thread_local std::string constructed(3, 'x');

extern "C" EMSCRIPTEN_KEEPALIVE int *address_of_plain() {
    return &plain;
}
