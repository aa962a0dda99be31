// Ends the program that calls it.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstdlib>

namespace {

struct Guard {
    ~Guard() {
        std::puts("- guard of the library");
    }
} guard;

} // namespace

extern "C" [[noreturn]] EMSCRIPTEN_KEEPALIVE void leave(int status) {
    std::puts("leaving");
    std::exit(status);
}
