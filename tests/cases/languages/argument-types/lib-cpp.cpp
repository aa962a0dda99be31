// Calls the functions of C and of Rust, and adds its own layer: all three must pass every type alike.
#include <emscripten/em_macros.h>
#include <wasm_simd128.h>

#include <cstdint>

extern "C" {

struct point {
    double x, y;
};
struct wrapper {
    std::int64_t only;
};

std::int64_t c_long(std::int64_t), rust_long(std::int64_t);
float c_float(float), rust_float(float);
double c_double(double, float), rust_double(double, float);
v128_t c_vector(v128_t, int), rust_vector(v128_t, int);
point c_point(point), rust_point(point);
wrapper c_wrapper(wrapper), rust_wrapper(wrapper);
void c_pointer(point *), rust_pointer(point *);
unsigned char c_narrow(signed char, bool, short), rust_narrow(signed char, bool, short);
__int128 c_wide(__int128), rust_wide(__int128);

EMSCRIPTEN_KEEPALIVE int cpp_calls_both() {
    const std::int64_t large = INT64_C(0x123456789abcdef0);
    if (c_long(large) != large + 1 || rust_long(large) != large + 1) {
        return 1;
    }
    if (c_float(3) != 1.5F || rust_float(3) != 1.5F) {
        return 2;
    }
    if (c_double(1e300, 1) != 1e300 || rust_double(0.5, 0.25F) != 0.75) {
        return 3;
    }
    v128_t vector = wasm_i32x4_make(1, 2, 3, 4);
    if (!wasm_i32x4_all_true(wasm_i32x4_eq(c_vector(vector, 3), rust_vector(vector, 3)))) {
        return 4;
    }
    if (wasm_i32x4_extract_lane(rust_vector(vector, 3), 3) != 12) {
        return 5;
    }
    point p = c_point({1, 2}), q = rust_point({1, 2});
    if (p.x != 2 || p.y != 1 || q.x != 2 || q.y != 1) {
        return 6;
    }
    if (c_wrapper({large}).only != -large || rust_wrapper({large}).only != -large) {
        return 7;
    }
    c_pointer(&p);
    rust_pointer(&q);
    if (p.x != 20 || q.x != 20) {
        return 8;
    }
    if (c_narrow(-128, true, 100) != 228 || rust_narrow(-128, true, 100) != 228) {
        return 9;
    }
    if (c_wide(5) >> 64 != 5 || rust_wide(5) >> 64 != 5) {
        return 10;
    }
    return 0;
}
}
