// Three libraries are closed in every possible order: each destructor runs when its library is
// closed, and open libraries keep working.
#include <algorithm>
#include <array>
#include <cstdio>
#include <dlfcn.h>
#include <emscripten/em_macros.h>

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::array<int, 3> order = {0, 1, 2};
    const char *names[] = {"opened-a.wasm", "opened-b.wasm", "opened-c.wasm"};
    int sum = 0;
    do {
        void *libraries[3];
        for (int i = 0; i < 3; i++) {
            libraries[i] = dlopen(names[i], RTLD_NOW);
        }
        for (int closed = 0; closed < 3; closed++) {
            for (int i = closed; i < 3; i++) {
                auto value = reinterpret_cast<int (*)()>(dlsym(libraries[order[i]], "value"));
                sum += value();
            }
            dlclose(libraries[order[closed]]);
        }
        std::puts("");
    } while (std::next_permutation(order.begin(), order.end()));
    std::printf("%d\n", sum);
    return 42;
}
