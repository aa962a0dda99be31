// Defines them, in one translation unit: the use of one constructs both.
#include "told.h"
#include <emscripten/em_macros.h>
#include <cstdio>

Told::Told(const char *name) : name(name) {
    std::printf("+ %s\n", name);
}

Told::~Told() {
    std::printf("- %s\n", name);
}

EMSCRIPTEN_KEEPALIVE thread_local Told first{"first of the library"};
EMSCRIPTEN_KEEPALIVE thread_local Told second{"second of the library"};

EMSCRIPTEN_KEEPALIVE Told &second_of_library() {
    return second;
}
