// Target: wasm32-wasi
// Flags: -fwasm-exceptions -mexception-handling -mllvm -wasm-enable-eh
// C++ for wasi-libc catches exceptions: its own, those of libc++ and of another module. Objects are
// destroyed on the way.
#include "shared.h"
#include <exception>
#include <iostream>
#include <stdexcept>

void program(int number) {
    Noisy noisy("program");
    throw OfProgram{number};
}

static std::exception_ptr caught(int number) {
    try {
        library(number);
    } catch (const OfProgram &thrown) {
        std::printf("of the program: %d\n", thrown.number);
        return std::current_exception();
    } catch (const std::logic_error &thrown) {
        std::printf("%s\n", thrown.what());
        throw;
    }
    return nullptr;
}

extern "C" int test() {
    for (int number = 0; number < 3; number++) {
        try {
            if (std::exception_ptr again = caught(number)) {
                std::rethrow_exception(again);
            }
        } catch (const std::out_of_range &) {
            std::puts("out of range");
        } catch (const std::exception &thrown) {
            std::printf("else: %s\n", thrown.what());
        } catch (...) {
            std::puts("something else");
        }
    }
    std::cin.exceptions(std::ios::failbit);
    try {
        int number;
        std::cin >> number;
    } catch (const std::ios::failure &) {
        std::cout << "no input, " << std::uncaught_exceptions() << " exceptions left\n";
    }
    return 42;
}
