// Flags: -fexceptions
#include <emscripten/em_macros.h>
#include <cstdio>
#include <stdexcept>

struct Problem {
    explicit Problem(int number) : number(number) {}
    virtual ~Problem() = default;
    int number;
};

void throw_problem(int number);

namespace {

struct Local {
    ~Local() {
        std::puts("destructor in the library");
    }
};

} // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE void throws(int what) {
    Local local;
    if (what == 0) {
        throw std::runtime_error("of the library");
    }
    if (what == 1) {
        throw_problem(1);
    }
    if (what == 2) {
        throw Problem(2);
    }
    throw 2.5;
}

EMSCRIPTEN_KEEPALIVE int catches(void (*call)()) {
    try {
        call();
        return 0;
    } catch (const Problem &problem) {
        return problem.number;
    } catch (const std::out_of_range &) {
        return -1;
    }
}

EMSCRIPTEN_KEEPALIVE void passes(void (*call)()) {
    Local local;
    call();
}

} // extern "C"
