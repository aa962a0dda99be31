#include <cstdio>
#include <emscripten/em_macros.h>
#include <string>

static std::string name = "c";

static struct End {
    ~End() {
        std::printf("-%s ", name.c_str());
    }
} end;

extern "C" EMSCRIPTEN_KEEPALIVE int value() {
    return name[0] - 'a' + 1;
}
