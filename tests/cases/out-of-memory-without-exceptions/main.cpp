// Where nothing can be caught `operator new` ends the program when memory is used up, and so does the form of it that
// is to return null: that calls the other, and would have to catch what it throws. `malloc` returns null.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstdlib>
#include <new>

EMSCRIPTEN_KEEPALIVE extern "C" int test() {
    const size_t most = 0xfff00000;
    // A block that nothing uses need not be had.
    static void *volatile kept;
    kept = malloc(most);
    std::printf("malloc: %d\n", kept != nullptr);
    kept = new (std::nothrow) char[most];
    return 42;
}
