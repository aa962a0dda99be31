#include <emscripten/em_macros.h>
#include <cstdio>

namespace {

struct Told {
    const char *name;
    ~Told() {
        std::printf("- kept: %s\n", name);
    }
};

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE void go_kept() {
    static thread_local Told local{"thread_local"};
    static Told global{"static"};
}
