// Where nothing can be caught `operator new` ends the program when memory is used up. `malloc` returns null.
// (The form that is to return null does what the version has it do: older ones call the other, and end too.)
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstdlib>

EMSCRIPTEN_KEEPALIVE extern "C" int test() {
    const size_t most = 0xfff00000;
    // A block that nothing uses need not be had.
    static void *volatile kept;
    kept = malloc(most);
    std::printf("malloc: %d\n", kept != nullptr);
    kept = new char[most];
    return 42;
}
