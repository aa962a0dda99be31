// `setjmp` in C++ that is compiled without exceptions: then the program has the libc++ that it had without, which
// ends it when something is thrown.
#include <emscripten/em_macros.h>
#include <csetjmp>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

std::jmp_buf place;

__attribute__((noinline)) void leave(const std::string &text) {
    std::printf("%s\n", text.c_str());
    std::longjmp(place, 1);
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    static std::string text = "out of here";
    if (setjmp(place) == 0) {
        leave(text);
    }
    throw std::runtime_error("and this ends it");
}
