#include <iostream>

void speak(const char *text) {
    std::cout << text << '\n';
}

static const struct First {
    First() {
        speak("constructor of the library");
    }

    ~First() {
        speak("destructor of the library");
        std::cout << "the end\n";
    }
} first;
