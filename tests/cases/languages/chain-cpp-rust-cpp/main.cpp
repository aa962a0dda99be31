// C++ calls Rust, which calls C++, which calls back. Each language is both above and below the
// other on one stack, in one memory.
#include <emscripten/em_macros.h>
#include <string>

extern "C" {

int parse_and_scale(const char *text, int (*finish)(int));
}

static int offset = 2;

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::string text = "4";
    text += "0";
    return parse_and_scale(text.c_str(), [](int x) { return x + offset; });
}
