// C++ is the program, and Rust with std a library of it, which panics.
#include <emscripten/em_macros.h>
#include <cstdio>

extern "C" int element(int index);

namespace {

[[gnu::noinline]] int sum_to(int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
        std::printf("element %d\n", i);
        sum += element(i);
    }
    return sum;
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    return sum_to(3) + sum_to(4);
}
