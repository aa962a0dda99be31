// Flags: -fexceptions
// Keeps an exception for somebody else.
#include <exception>
#include <stdexcept>

std::exception_ptr failure(int number) {
    try {
        if (number == 1) {
            throw std::runtime_error("of the library");
        }
        throw number;
    } catch (...) {
        return std::current_exception();
    }
}
