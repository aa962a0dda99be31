// Calls back for each number, and prints it before.
#include <emscripten/em_macros.h>
#include <cstddef>
#include <cstdio>

namespace numbers {

EMSCRIPTEN_KEEPALIVE void visit(const int *numbers, std::size_t count, void (*callback)(int)) {
    for (std::size_t i = 0; i < count; i++) {
        std::printf("visit %d\n", numbers[i]);
        callback(numbers[i]);
    }
}

} // namespace numbers

extern "C" EMSCRIPTEN_KEEPALIVE void for_each(const int *numbers, std::size_t count,
                                              void (*callback)(int)) {
    numbers::visit(numbers, count, callback);
}
