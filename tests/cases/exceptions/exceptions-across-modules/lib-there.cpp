// Flags: -fexceptions
// Throws, passes on and catches.
#include "shared.h"
#include <vector>

OfLibrary::OfLibrary(int number) : number_(number) {}
OfLibrary::~OfLibrary() = default;
const char *OfLibrary::what() const noexcept {
    return "of the library";
}
int OfLibrary::number() const {
    return number_;
}

int there(int n) {
    Noisy noisy("there");
    if (n < 0) {
        return std::vector<int>().at(static_cast<std::size_t>(-n));
    }
    if (n == 0) {
        throw OfLibrary(n);
    }
    return here(n - 1);
}

const char *catches(void (*function)()) {
    try {
        function();
    } catch (const OfLibrary &thrown) {
        return thrown.what();
    } catch (const Inline &thrown) {
        return thrown.text;
    } catch (...) {
        return "something";
    }
    return "nothing";
}
