// Allocates, by its own code and by what is compiled in libc++, and knows nothing of main.
#include <emscripten/em_macros.h>
#include <string>

// What is freed elsewhere the compiler cannot do without.
extern "C" EMSCRIPTEN_KEEPALIVE int *allocate() {
    std::string text(100, 'x');
    text.append(1000, 'y');
    return new int(text.size() == 1100 ? 7 : 0);
}
