// If a program replaces `operator new`, all modules use the replacement, even libc++, which defines
// and calls its own. A block of one must never be freed by the other.
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
