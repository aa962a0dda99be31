#include <cstdio>
#include <stdexcept>
#include <string>

static int checked(const char *text) {
    int number = std::stoi(text);
    if (number < 0) {
        throw std::range_error("negative");
    }
    return number;
}

extern "C" int number() {
    int sum = 0;
    for (const char *text : {"forty", "-1", "40"}) {
        try {
            sum += checked(text);
        } catch (const std::exception &thrown) {
            std::puts(thrown.what());
            sum++;
        }
    }
    return sum;
}
