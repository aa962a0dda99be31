// Target: wasm32-wasi
// Flags: -fwasm-exceptions -mexception-handling -mllvm -wasm-enable-eh
// Passes exceptions on, and throws those of libc++.
#include "shared.h"
#include <string>
#include <vector>

void library(int number) {
    Noisy noisy("library");
    switch (number) {
    case 0:
        std::vector<int>(3).at(7);
        break;
    case 1:
        std::stoi("one");
        break;
    default:
        program(number);
    }
}
