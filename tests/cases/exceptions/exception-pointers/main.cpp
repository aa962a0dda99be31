// Flags: -fexceptions
// A `std::exception_ptr` keeps an exception, which is thrown again later in several places, and
// destroyed with the last pointer to it.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <exception>
#include <future>
#include <stdexcept>

std::exception_ptr failure(int number);

namespace {

void show(const std::exception_ptr &pointer) {
    try {
        std::rethrow_exception(pointer);
    } catch (const std::runtime_error &error) {
        std::printf("runtime_error: %s\n", error.what());
    } catch (int number) {
        std::printf("int: %d\n", number);
    } catch (...) {
        std::puts("something else");
    }
}

struct Counted {
    static int alive;
    int number = 0;
    Counted() { alive++; }
    Counted(const Counted &other) : number(other.number) { alive++; }
    ~Counted() { alive--; }
};
int Counted::alive;

void share() {
    std::exception_ptr pointer;
    try {
        throw Counted();
    } catch (Counted &counted) {
        counted.number = 1;
        pointer = std::current_exception();
    }
    std::printf("alive: %d\n", Counted::alive);
    try {
        std::rethrow_exception(pointer);
    } catch (Counted &outer) {
        outer.number++;
        try {
            std::rethrow_exception(pointer);
        } catch (Counted &inner) {
            inner.number++;
            std::printf("one object: %d, %d\n", &outer == &inner, outer.number);
        }
        std::exception_ptr copy = pointer;
        pointer = nullptr;
        std::printf("equal: %d, alive: %d\n", copy == std::current_exception(), Counted::alive);
        try {
            throw;
        } catch (const Counted &again) {
            std::printf("again: %d\n", again.number);
        }
    }
    std::printf("alive: %d\n", Counted::alive);
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::printf("none outside of handlers: %d\n", std::current_exception() == nullptr);
    show(failure(1));
    show(failure(2));
    show(std::make_exception_ptr(3));
    share();
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    promise.set_exception(failure(1));
    try {
        future.get();
    } catch (const std::exception &error) {
        std::printf("from a future: %s\n", error.what());
    }
    return 42;
}
