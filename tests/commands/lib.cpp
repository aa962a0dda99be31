// Leaves work for the end of a program: a destructor that prints, text in a buffer, an unclosed file.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstdlib>

namespace {

struct Farewell {
    ~Farewell() {
        std::puts("; destroyed");
    }
} farewell;

} // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE void note(const char *text) {
    std::fputs(text, stdout);
}

EMSCRIPTEN_KEEPALIVE void note_in_file(const char *text) {
    if (FILE *file = std::fopen("/out/note.txt", "w")) {
        std::fputs(text, file);
    }
}

[[noreturn]] EMSCRIPTEN_KEEPALIVE void leave(int status) {
    std::exit(status);
}

[[noreturn]] EMSCRIPTEN_KEEPALIVE void leave_now(int status) {
    std::_Exit(status);
}
}
