// Target: wasm32-wasi
// Nothing catches here, so an exception ends the program with the same message as natively.
#include <cstdio>
#include <stdexcept>

extern "C" int test() {
    std::printf("before\n");
    throw std::runtime_error("wasi");
}
