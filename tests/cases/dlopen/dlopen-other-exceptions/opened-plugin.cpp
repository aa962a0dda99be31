// Flags: -fexceptions
#include <emscripten/em_macros.h>
#include <stdexcept>
#include <string>

extern "C" EMSCRIPTEN_KEEPALIVE int parse(const char *text) {
    try {
        return std::stoi(text);
    } catch (const std::invalid_argument &) {
        return -1;
    }
}
