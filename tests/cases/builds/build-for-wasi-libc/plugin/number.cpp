#include <cstdio>
#include <stdexcept>
#include <string>

extern "C" int number() {
    try {
        return std::stoi("forty-two");
    } catch (const std::invalid_argument &thrown) {
        std::puts(thrown.what());
        return 42;
    }
}
