// Flags: -fexceptions
// Exceptions occur while others are handled: rethrown, thrown by handlers, and caught by functions
// that destructors and handlers call. The count of uncaught exceptions is right.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

namespace {

struct Counted {
    static int alive;
    int number;
    explicit Counted(int number) : number(number) { alive++; }
    Counted(const Counted &other) : number(other.number) { alive++; }
    ~Counted() { alive--; }
};
int Counted::alive;

// A destructor that throws and catches, while something else is on its way.
struct Careful {
    ~Careful() {
        try {
            std::printf("on their way: %d\n", std::uncaught_exceptions());
            throw std::logic_error("in a destructor");
        } catch (const std::logic_error &error) {
            std::printf("%s, on their way: %d\n", error.what(), std::uncaught_exceptions());
        }
    }
};

__attribute__((noinline)) void rethrow() {
    throw;
}

__attribute__((noinline)) void inner(int depth) {
    Careful careful;
    if (depth == 0) {
        throw Counted(1);
    }
    inner(depth - 1);
}

void print(const std::exception &error, int depth) {
    std::printf("%*s%s\n", 2 * depth, "", error.what());
    try {
        std::rethrow_if_nested(error);
    } catch (const std::exception &nested) {
        print(nested, depth + 1);
    }
}

void load(int level) {
    try {
        if (level == 0) {
            throw std::out_of_range("level 0");
        }
        load(level - 1);
    } catch (...) {
        std::throw_with_nested(std::runtime_error("level " + std::to_string(level)));
    }
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    try {
        inner(2);
    } catch (const Counted &thrown) {
        std::printf("caught %d, alive: %d\n", thrown.number, Counted::alive);
    }
    std::printf("alive: %d, on their way: %d\n", Counted::alive, std::uncaught_exceptions());

    // Through three handlers that throw it again, the innermost by a function.
    try {
        try {
            try {
                throw Counted(2);
            } catch (Counted &thrown) {
                thrown.number++;
                rethrow();
            }
        } catch (Counted &thrown) {
            thrown.number++;
            throw;
        }
    } catch (const Counted &thrown) {
        std::printf("caught %d, alive: %d\n", thrown.number, Counted::alive);
    }
    std::printf("alive: %d\n", Counted::alive);

    // A handler in a handler, and one that throws something else instead.
    try {
        try {
            throw Counted(5);
        } catch (const Counted &outer) {
            try {
                throw Counted(6);
            } catch (const Counted &thrown) {
                std::printf("%d in %d, alive: %d\n", thrown.number, outer.number, Counted::alive);
                try {
                    throw;
                } catch (const Counted &again) {
                    std::printf("%d again, alive: %d\n", again.number, Counted::alive);
                }
            }
            throw std::runtime_error("instead");
        }
    } catch (const std::exception &error) {
        std::printf("%s, alive: %d\n", error.what(), Counted::alive);
    }

    try {
        load(3);
    } catch (const std::exception &error) {
        print(error, 0);
    }
    return 42;
}
