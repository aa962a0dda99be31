// Calls the program by a pointer and by name, and lends it a function.
#include <emscripten/em_macros.h>
#include <numeric>

extern "C" {

using function = int(int);

int program_offset();

EMSCRIPTEN_KEEPALIVE int library_sum(const int *numbers, int count, function *each) {
    auto add = [each](int sum, int number) { return sum + each(number); };
    return std::accumulate(numbers, numbers + count, program_offset(), add);
}

EMSCRIPTEN_KEEPALIVE function *library_function() {
    return [](int x) { return 2 * x; };
}
}
