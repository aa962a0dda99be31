// Destructors of static objects run in the reverse order of construction over all modules, when the
// program ends: after `test` has returned and 42 is printed. `atexit` adds to the same list.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstdlib>

void use_base();

namespace {

struct Top {
    Top() {
        use_base();
        std::puts("+ top");
    }
    ~Top() {
        use_base();
        std::printf("- top, ");
        std::puts("with base");
    }
};

Top top;

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::atexit([] { std::puts("- registered by test"); });
    return 42;
}
