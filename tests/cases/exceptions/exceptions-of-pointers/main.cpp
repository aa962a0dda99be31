// Flags: -fexceptions
// Handlers for pointers catch a thrown `nullptr`, and can get the same pointer that was thrown.
#include <emscripten/em_macros.h>
#include <cstddef>
#include <cstdio>

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    int number = 0;
    try {
        try {
            throw &number;
        } catch (int *&pointer) {
            pointer++;
            throw;
        }
    } catch (int *pointer) {
        std::printf("moved by %td\n", pointer - &number);
    }
    try {
        throw nullptr;
    } catch (const char *text) {
        std::printf("null: %d\n", text == nullptr);
    }
    try {
        throw nullptr;
    } catch (std::nullptr_t) {
        std::puts("nullptr");
    }
    return 42;
}
