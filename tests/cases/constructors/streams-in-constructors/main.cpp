// `std::cout` works in every constructor and destructor, and what it holds back is written at the
// end.
#include <emscripten/em_macros.h>
#include <iostream>

void speak(const char *text);

static const struct Last {
    Last() {
        speak("constructor of the program");
    }

    ~Last() {
        speak("destructor of the program");
        std::cout << "no newline, ";
    }
} last;

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    speak("test");
    return 42;
}
