// The program that Emscripten's own dynamic linker starts with. It has all of libc and libc++, knows nothing
// of a case, and does with its modules what `host run --invoke test` does.
#include <cstdio>
#include <dlfcn.h>

int main() {
    auto test = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "test"));
    if (!test) {
        std::fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    std::printf("%d\n", test());
}
