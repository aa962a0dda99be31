// Flags: -fexceptions
#include <stdexcept>

namespace {

struct Throws {
    Throws() {
        throw std::runtime_error("not today");
    }
};

Throws throws;

} // namespace
