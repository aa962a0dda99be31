// Throws an exception that nothing catches.

#include <stdexcept>

extern "C" __attribute__((export_name("half"))) int half(int of) {
    try {
        if (of < 0) {
            throw of;
        }
    } catch (int) {
        return 0;
    }
    if (of % 2 != 0) {
        throw std::out_of_range("odd");
    }
    return of / 2;
}
