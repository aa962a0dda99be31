// Flags: -fexceptions
// An exception in a static constructor is not caught anywhere.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <string>
#include <vector>

namespace {

const std::vector<int> numbers{1, 2, 3};
const int beyond = (std::puts("before"), numbers.at(3));

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    return beyond;
}
