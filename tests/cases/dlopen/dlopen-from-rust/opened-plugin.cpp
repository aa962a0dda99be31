#include <cstdio>
#include <emscripten/em_macros.h>
#include <string>

extern "C" int triple(int);

static struct End {
    std::string text = "the library leaves";
    ~End() {
        std::puts(text.c_str());
    }
} end;

extern "C" EMSCRIPTEN_KEEPALIVE int apply(int (*function)(int), int x) {
    return function(x) + triple(1);
}
