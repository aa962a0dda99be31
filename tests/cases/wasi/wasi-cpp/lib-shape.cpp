// Target: wasm32-wasi
// Flags: -std=c++17 -fno-exceptions
#include "shape.h"

std::string Square::name() const {
    return "a square whose name is too long for the string itself, of side " + std::to_string(side);
}

std::unique_ptr<Shape> make_square(int side) {
    return std::make_unique<Square>(side);
}
