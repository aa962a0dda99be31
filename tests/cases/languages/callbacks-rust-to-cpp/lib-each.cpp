// Calls a function pointer for each element, with the caller's context.
#include <emscripten/em_macros.h>
#include <cstddef>

extern "C" EMSCRIPTEN_KEEPALIVE void for_each(const int *numbers, std::size_t count,
                                              void (*callback)(void *context, int number),
                                              void *context) {
    for (std::size_t i = 0; i < count; i++) {
        callback(context, numbers[i]);
    }
}
