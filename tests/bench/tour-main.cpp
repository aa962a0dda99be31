// The start of the tour as a static program, which prints the result as `host run --invoke` does.

#include <cstdio>

extern "C" int tour();

// Emscripten's `malloc` tells JavaScript that the memory has grown. There is no JavaScript here.
extern "C" void emscripten_notify_memory_growth(int) {}

int main() {
    std::printf("%d\n", tour());
    return 0;
}
