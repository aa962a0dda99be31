#include <emscripten/em_macros.h>
#include <cstdio>

namespace {

struct Told {
    const char *name;
    ~Told() {
        std::printf("- closed: %s\n", name);
    }
};

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE void go_closed() {
    static thread_local Told local{"thread_local"};
    static Told global{"static"};
}
