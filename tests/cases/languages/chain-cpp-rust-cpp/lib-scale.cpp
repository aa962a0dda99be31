// At the end of the chain, and calls a lambda of its beginning.
#include <emscripten/em_macros.h>
#include <vector>

extern "C" EMSCRIPTEN_KEEPALIVE int scale(int x, int (*finish)(int)) {
    std::vector<int> four(4, x);
    int sum = 0;
    for (int number : four) {
        sum += number;
    }
    return finish(sum);
}
