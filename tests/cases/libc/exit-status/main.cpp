// `exit` in a library ends the program: handlers run, buffered output is written, and the status is
// the program's. `test` never returns.
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
