// Flags: -pthread -fwasm-exceptions
// Compiled for threads too. Its own block of thread-local variables is another one.
#include <emscripten/em_macros.h>
#include <string>

EMSCRIPTEN_KEEPALIVE thread_local int plain = 30;
EMSCRIPTEN_KEEPALIVE thread_local std::string constructed(3, 'x');

EMSCRIPTEN_KEEPALIVE int *address_of_plain() {
    return &plain;
}
