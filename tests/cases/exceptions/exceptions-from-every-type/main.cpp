// Flags: -fexceptions
// Exceptions leave functions of every result type.
#include <emscripten/em_macros.h>
#include <cstdint>
#include <cstdio>
#include <string>

namespace {

__attribute__((noinline)) int64_t wide(int64_t a, double b) {
    if (a > 0) {
        throw b;
    }
    return a;
}
__attribute__((noinline)) float narrow(float a) {
    if (a > 0) {
        throw a;
    }
    return a;
}
__attribute__((noinline)) double real(double a, int64_t b) {
    if (a > 0) {
        throw b;
    }
    return a;
}
__attribute__((noinline)) std::string text(int a) {
    if (a > 0) {
        throw std::to_string(a);
    }
    return "nothing thrown";
}

void tell_types() {
    try {
        std::printf("%lld\n", static_cast<long long>(wide(-1, 0)));
        wide(INT64_C(1) << 40, 1.5);
    } catch (double thrown) {
        std::printf("double %g\n", thrown);
    }
    try {
        std::printf("%g\n", narrow(-2));
        narrow(2.5);
    } catch (float thrown) {
        std::printf("float %g\n", thrown);
    }
    try {
        std::printf("%g\n", real(-3, 0));
        real(3, INT64_C(1) << 40);
    } catch (int64_t thrown) {
        std::printf("int64_t %lld\n", static_cast<long long>(thrown));
    }
    try {
        std::puts(text(-4).c_str());
        text(4);
    } catch (const std::string &thrown) {
        std::printf("string %s\n", thrown.c_str());
    }
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    tell_types();
    return 42;
}
