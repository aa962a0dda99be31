// Has objects of both kinds too.
#include <emscripten/em_macros.h>
#include <cstdio>

struct Told {
    const char *name;
    ~Told() {
        std::printf("- %s\n", name);
    }
};

EMSCRIPTEN_KEEPALIVE void use_other() {
    static thread_local Told local{"thread_local of the library"};
    static Told global{"static of the library"};
}
