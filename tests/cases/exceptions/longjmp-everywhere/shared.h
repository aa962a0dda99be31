#pragma once
#include <csetjmp>

typedef void (*Function)();

extern std::jmp_buf place;

struct Leaves {
    Leaves();
};

struct Arrives {
    explicit Arrives(Function function);
    int value;
};

void leaves_the_library();
int arrives_in_the_library(Function function);
extern "C" void through_rust(Function function);
