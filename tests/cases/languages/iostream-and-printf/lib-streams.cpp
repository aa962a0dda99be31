// Writes to `std::cout`, an object that libc++ constructs before this module's constructors run.
#include <iomanip>
#include <iostream>
#include <sstream>

static const struct Early {
    Early() {
        std::cout << "constructed\n";
    }
} early;

void write_stream(int number) {
    std::ostringstream text;
    text << std::hex << std::setw(6) << std::setfill('.') << number;
    std::cout << "stream " << text.str() << ' ' << std::fixed << std::setprecision(2) << 0.125 << '\n';
}
