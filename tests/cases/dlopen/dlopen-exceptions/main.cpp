// Flags: -fexceptions
// Exceptions cross from an opened library to the program, and back.
#include <emscripten/em_macros.h>
#include <dlfcn.h>
#include <cstdio>
#include <stdexcept>

struct Problem {
    explicit Problem(int number) : number(number) {}
    virtual ~Problem() = default;
    int number;
};

namespace {

void fail() {
    throw Problem(7);
}

void nothing() {}

void fail_in_library() {
    throw std::out_of_range("of the program");
}

} // namespace

// The library throws it too: of the two types of this name one counts.
EMSCRIPTEN_KEEPALIVE void throw_problem(int number) {
    throw Problem(number);
}

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    void *library = dlopen("opened-plugin.wasm", RTLD_NOW);
    if (!library) {
        std::puts(dlerror());
        return 1;
    }
    auto throws = reinterpret_cast<void (*)(int)>(dlsym(library, "throws"));
    auto catches = reinterpret_cast<int (*)(void (*)())>(dlsym(library, "catches"));
    auto passes = reinterpret_cast<void (*)(void (*)())>(dlsym(library, "passes"));
    for (int what = 0; what < 4; what++) {
        try {
            throws(what);
            std::puts("nothing");
        } catch (const Problem &problem) {
            std::printf("problem %d\n", problem.number);
        } catch (const std::exception &error) {
            std::printf("%s\n", error.what());
        } catch (double number) {
            std::printf("%g\n", number);
        }
    }
    std::printf("%d, %d, %d\n", catches(fail), catches(fail_in_library), catches(nothing));
    try {
        passes(fail);
    } catch (const Problem &problem) {
        std::printf("passed: %d\n", problem.number);
    }
    dlclose(library);
    // As often as it is opened.
    for (int i = 0; i < 50; i++) {
        library = dlopen("opened-plugin.wasm", RTLD_NOW);
        catches = reinterpret_cast<int (*)(void (*)())>(dlsym(library, "catches"));
        if (catches(fail) != 7) {
            return 2;
        }
        dlclose(library);
    }
    return 42;
}
