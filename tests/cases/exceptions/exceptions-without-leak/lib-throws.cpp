// Flags: -fexceptions
#include <stdexcept>
#include <string>

void throws(int number) {
    throw std::runtime_error(std::to_string(number) + std::string(1000, ' '));
}
