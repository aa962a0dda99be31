// Ends the program by `exit`, within a library: what was registered for the end runs, what was printed comes
// out, and the status is that of the program. `test` never returns.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstdlib>

extern "C" [[noreturn]] void leave(int status);

namespace {

struct Guard {
    ~Guard() {
        std::puts("- guard of main");
    }
} guard;

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::atexit([] { std::puts("- registered by test"); });
    std::printf("no newline, ");
    leave(3);
}
