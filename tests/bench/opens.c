// Opens a library while the program runs, calls it, and closes it.

#include "bench.h"

#include <dlfcn.h>

BENCH open_close(uint32_t count) {
    uint32_t sum = 0;
    for (uint32_t number = 0; number < count; number++) {
        void *library = dlopen(PLUGIN, RTLD_NOW);
        uint32_t (*next)(uint32_t) = library ? (uint32_t (*)(uint32_t))dlsym(library, "next") : 0;
        if (!next) return 0;
        sum += next(number);
        dlclose(library);
    }
    return sum;
}
