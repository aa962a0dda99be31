// Opens one library that is there and one that is not, and itself.
#include <cstdio>
#include <dlfcn.h>
#include <emscripten/em_macros.h>

static struct Outer {
    void *inner, *other, *self;
    Outer() {
        std::puts("+ outer");
        inner = dlopen("opened-inner.wasm", RTLD_NOW);
        other = dlopen("opened-other.wasm", RTLD_NOW);
        self = dlopen("opened-outer.wasm", RTLD_NOW | RTLD_NOLOAD);
        std::printf("itself: %d\n", self != nullptr);
        dlclose(self);
    }
    ~Outer() {
        std::puts("- outer");
        dlclose(other);
        dlclose(inner);
        std::puts("- outer is done");
    }
} outer;

extern "C" EMSCRIPTEN_KEEPALIVE int use() {
    auto value = reinterpret_cast<int (*)()>(dlsym(outer.inner, "value"));
    return value();
}
