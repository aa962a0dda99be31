// Allocates, by its own code and by what is compiled in libc++, and knows nothing of main.
#include <emscripten/em_macros.h>
#include <memory>
#include <string>

extern "C" EMSCRIPTEN_KEEPALIVE int allocate() {
    auto number = std::make_unique<int>(7);
    std::string text(100, 'x');
    text.append(1000, 'y');
    return *number + (text.size() == 1100 ? 0 : 1);
}
