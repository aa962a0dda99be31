#pragma once
#include <cstdio>
#include <exception>

typedef void (*Function)();

// What the exception said, which does not live as long.
struct Text {
    char text[40] = "nothing";
};

class Thrown : public std::exception {
public:
    explicit Thrown(const char *by) : by(by) {}
    const char *what() const noexcept override { return by; }

private:
    const char *by;
};

inline Text of(const std::exception &thrown) {
    Text text;
    std::snprintf(text.text, sizeof text.text, "thrown by %s", thrown.what());
    return text;
}

struct Throws {
    Throws();
};

struct Catches {
    explicit Catches(Function function);
    Text text;
};

void throws_in_the_library();
Text catches_in_the_library(Function function);
extern "C" void through_rust(Function function);
