#pragma once
#include <cstdio>

/// Says when it is destroyed.
class Noisy {
    const char *name_;

  public:
    explicit Noisy(const char *name) : name_(name) {}
    ~Noisy() { std::printf("~%s\n", name_); }
};

struct OfProgram {
    int number;
};

/// Throws an `OfProgram` from a call back to the program, or else what libc++ throws.
void library(int number);
void program(int number);
