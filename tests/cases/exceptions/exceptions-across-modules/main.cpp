// Flags: -fexceptions
// An exception unwinds through modules, each with objects to destroy, and is caught by a type that
// another module defines, or of which each module has a copy.
#include "shared.h"
#include <emscripten/em_macros.h>
#include <cstdio>
#include <stdexcept>

// What the library calls in the middle.
int here(int n) {
    Noisy noisy("here");
    if (n == 0) {
        throw Inline("thrown by main");
    }
    return there(n - 1);
}

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    for (int n = 0; n < 5; n++) {
        try {
            Noisy noisy("test");
            there(n);
        } catch (const Inline &thrown) {
            std::printf("%d: %s\n", n, thrown.text);
        } catch (const OfLibrary &thrown) {
            std::printf("%d: %d, %s\n", n, thrown.number(), thrown.what());
        }
    }
    try {
        there(-1);
    } catch (const std::exception &thrown) {
        std::printf("%s\n", thrown.what());
    }
    std::printf("the library caught: %s\n", catches([] { throw OfLibrary(7); }));
    std::printf("the library caught: %s\n", catches([] { throw Inline("by a callback"); }));
    std::printf("the library caught: %s\n", catches([] { throw 1; }));
    return 42;
}
