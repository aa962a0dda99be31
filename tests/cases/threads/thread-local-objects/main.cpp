// Thread-local objects of another module are constructed when the first of them is used, and
// destroyed in the reverse order over all modules, as in a native program. C's thread-local
// variables need no constructor.
#include "told.h"
#include <emscripten/em_macros.h>
#include <cstdio>

extern thread_local Told first;
extern thread_local Told second;
extern "C" thread_local int of_c;
extern "C" int *address_of_c();
Told &second_of_library();

static thread_local Told own{"of the program"};

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::puts("test");
    std::printf("%s\n", own.name);
    std::printf("%s\n", second.name);
    std::printf("%s\n", first.name);
    if (&second != &second_of_library() || &of_c != address_of_c()) {
        return 1;
    }
    of_c += 2;
    return *address_of_c();
}
