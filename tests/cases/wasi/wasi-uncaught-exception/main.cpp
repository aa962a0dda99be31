// Target: wasm32-wasi
// Flags: -fwasm-exceptions -mexception-handling -mllvm -wasm-enable-eh
// Here handlers exist, but none is for the exception: the program ends, with its type and message.
#include <cstdio>
#include <stdexcept>

extern "C" int test() {
    try {
        throw std::runtime_error("not an int");
    } catch (int) {
        std::puts("caught");
    }
    return 0;
}
