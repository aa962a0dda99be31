// The destructors of `thread_local` objects run before those of static ones, and before `atexit`
// handlers, in the reverse order of construction over all modules.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstdlib>

struct Told {
    const char *name;
    ~Told() {
        std::printf("- %s\n", name);
    }
};

void use_other();

static thread_local Told local{"thread_local of the program"};

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::printf("%s comes first\n", local.name);
    static Told later{"static of the program"};
    std::atexit([] { std::puts("- registered by test"); });
    use_other();
    return 42;
}
