// `printf` of one module and `std::cout` of another share one buffer, that of libc's `stdout`, so
// all lines come out, and in order.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>

void write_stream(int number);

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::printf("printf %d %s %.3f %Lg\n", 1, "two", 3.0, 4.5L);
    write_stream(255);
    std::printf("%s", "no newline, ");
    write_stream(16);
    std::istringstream input("12 apples 1.5");
    int count;
    std::string what;
    double weight;
    if (!(input >> count >> what >> weight) || count != 12 || what != "apples" || weight != 1.5) {
        return 1;
    }
    std::cout << "last " << count << std::endl;
    return 42;
}
