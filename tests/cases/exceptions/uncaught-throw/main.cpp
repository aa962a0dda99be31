// A library throws. Nothing catches, since there are no exceptions here yet: the program ends as it does
// natively when nothing catches, with the type and the message.
#include <emscripten/em_macros.h>
#include <cstdio>

namespace numbers {

int parse(const char *text);

} // namespace numbers

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::printf("%d\n", numbers::parse("21"));
    return numbers::parse("twenty-one") + 21;
}
