// Functions of all argument types, in C.
#include <emscripten/em_macros.h>
#include <stdbool.h>
#include <stdint.h>
#include <wasm_simd128.h>

struct point {
    double x, y;
};
struct wrapper {
    int64_t only;
};

EMSCRIPTEN_KEEPALIVE int64_t c_long(int64_t x) {
    return x + 1;
}
EMSCRIPTEN_KEEPALIVE float c_float(float x) {
    return x / 2;
}
EMSCRIPTEN_KEEPALIVE double c_double(double x, float y) {
    return x + y;
}
EMSCRIPTEN_KEEPALIVE v128_t c_vector(v128_t x, int by) {
    return wasm_i32x4_mul(x, wasm_i32x4_splat(by));
}
EMSCRIPTEN_KEEPALIVE struct point c_point(struct point p) {
    return (struct point){p.y, p.x};
}
EMSCRIPTEN_KEEPALIVE struct wrapper c_wrapper(struct wrapper w) {
    return (struct wrapper){-w.only};
}
EMSCRIPTEN_KEEPALIVE void c_pointer(struct point *p) {
    p->x *= 10;
}
EMSCRIPTEN_KEEPALIVE unsigned char c_narrow(signed char x, bool negate, short y) {
    return negate ? -x + y : x + y;
}
EMSCRIPTEN_KEEPALIVE __int128 c_wide(__int128 x) {
    return x << 64;
}
