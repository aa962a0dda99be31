// A program may replace `operator new`, then all modules use that, libc++ included: its own definition and
// its own calls of it notwithstanding. A block of the one freed by the other would be trouble.
#include <emscripten/em_macros.h>
#include <cstdlib>
#include <new>

extern "C" int *allocate();

static int allocated, freed;

EMSCRIPTEN_KEEPALIVE void *operator new(std::size_t size) {
    allocated++;
    return std::malloc(size);
}

EMSCRIPTEN_KEEPALIVE void operator delete(void *block) noexcept {
    freed += block != nullptr;
    std::free(block);
}

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    int *number = allocate();
    if (*number != 7) {
        return 1;
    }
    // The number, the string, and the string when it grew.
    if (allocated != 3) {
        return 2;
    }
    delete number;
    return freed == allocated ? 42 : 3;
}
