// Flags: -fexceptions
// When a constructor throws, what was constructed is destroyed, and the memory freed. Static
// constructors throw and catch; the next call constructs a function's static variable again.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>

std::string library_says();

namespace {

struct Part {
    const char *name;
    explicit Part(const char *name) : name(name) { std::printf("%s\n", name); }
    ~Part() { std::printf("~%s\n", name); }
};

int allocated;

struct Whole {
    Part first{"first"}, second{"second"};
    explicit Whole(int n) {
        Part local("local");
        if (n > 0) {
            throw std::invalid_argument("whole");
        }
    }
    ~Whole() { std::puts("~whole"); }
    static void *operator new(std::size_t size) {
        allocated++;
        return ::operator new(size);
    }
    static void operator delete(void *memory) {
        allocated--;
        ::operator delete(memory);
    }
};

struct Array {
    static int count;
    int number = ++count;
    Array() {
        if (number == 3) {
            throw number;
        }
    }
    ~Array() { std::printf("~Array %d\n", number); }
};
int Array::count;

std::string caught_at_the_start() {
    try {
        throw std::runtime_error("thrown by a static constructor");
    } catch (const std::exception &error) {
        return error.what();
    }
}

const std::string at_the_start = caught_at_the_start();

int attempt(int n) {
    if (n < 2) {
        throw n;
    }
    return n;
}

int variable(int n) {
    static int value = attempt(n);
    return value;
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::printf("%s\n%s\n", at_the_start.c_str(), library_says().c_str());
    try {
        delete new Whole(1);
    } catch (const std::exception &error) {
        std::printf("%s, allocated: %d\n", error.what(), allocated);
    }
    delete new Whole(0);
    std::printf("allocated: %d\n", allocated);
    try {
        delete[] new Array[5];
    } catch (int number) {
        std::printf("number %d\n", number);
    }
    for (int n = 0; n < 5; n++) {
        try {
            std::printf("variable: %d\n", variable(n));
        } catch (int) {
            std::printf("not %d\n", n);
        }
    }
    try {
        std::string().resize(static_cast<std::size_t>(-1));
    } catch (const std::length_error &) {
        std::puts("too long");
    }
    try {
        std::printf("%p\n", ::operator new(static_cast<std::size_t>(-100)));
    } catch (const std::bad_alloc &) {
        std::puts("too large");
    }
    return 42;
}
