// A C++ side module needs a Rust side module: there is no main whose memory they could use, so the
// linker makes one.
#include <emscripten/em_macros.h>
#include <cstring>

extern "C" {

extern const char RUST_NAME[5];
int rust_clamped_double(int x);
int rust_calls();

EMSCRIPTEN_KEEPALIVE int test() {
    if (rust_clamped_double(4) != 8 || rust_clamped_double(60) != 100) {
        return 1;
    }
    if (rust_calls() != 2) {
        return 2;
    }
    if (std::strcmp(RUST_NAME, "Rust") != 0) {
        return 3;
    }
    return 42;
}
}
