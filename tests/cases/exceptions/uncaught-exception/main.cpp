// Flags: -fexceptions
// What nothing catches ends the program, with the type, the message and where it came from, and with what was
// printed before. On the way it passes handlers of other types.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <new>

namespace numbers {

int parse(const char *text);

} // namespace numbers

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::printf("%d\nno end of line", numbers::parse("21"));
    try {
        return numbers::parse("twenty-one") + 21;
    } catch (const std::bad_alloc &) {
        return 1;
    }
}
