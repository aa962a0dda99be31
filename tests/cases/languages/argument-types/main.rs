//! All C types pass between C, C++ and Rust as arguments and results: 64 bits, floating point,
//! vectors, 128-bit integers, structs by value and by pointer, and types narrower than a
//! WebAssembly value. (Stable Rust can define functions with vectors, but not import them.)
use core::arch::wasm32::{i32x4_mul, i32x4_splat, v128};
use std::ffi::c_int;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wrapper {
    only: i64,
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn c_long(x: i64) -> i64;
    fn c_float(x: f32) -> f32;
    fn c_double(x: f64, y: f32) -> f64;
    fn c_point(p: Point) -> Point;
    fn c_wrapper(w: Wrapper) -> Wrapper;
    fn c_pointer(p: *mut Point);
    fn c_narrow(x: i8, negate: bool, y: i16) -> u8;
    fn c_wide(x: i128) -> i128;
    fn cpp_calls_both() -> c_int;
}

#[unsafe(no_mangle)]
extern "C" fn rust_long(x: i64) -> i64 {
    x + 1
}

#[unsafe(no_mangle)]
extern "C" fn rust_float(x: f32) -> f32 {
    x / 2.0
}

#[unsafe(no_mangle)]
extern "C" fn rust_double(x: f64, y: f32) -> f64 {
    x + f64::from(y)
}

#[unsafe(no_mangle)]
#[target_feature(enable = "simd128")]
#[expect(improper_ctypes_definitions, reason = "the convention has vectors, if not C")]
extern "C" fn rust_vector(x: v128, by: c_int) -> v128 {
    i32x4_mul(x, i32x4_splat(by))
}

#[unsafe(no_mangle)]
extern "C" fn rust_point(p: Point) -> Point {
    Point { x: p.y, y: p.x }
}

#[unsafe(no_mangle)]
extern "C" fn rust_wrapper(w: Wrapper) -> Wrapper {
    Wrapper { only: -w.only }
}

#[unsafe(no_mangle)]
extern "C" fn rust_pointer(p: &mut Point) {
    p.x *= 10.0;
}

#[unsafe(no_mangle)]
extern "C" fn rust_narrow(x: i8, negate: bool, y: i16) -> u8 {
    let x = i16::from(x);
    (if negate { y - x } else { y + x }) as u8
}

#[unsafe(no_mangle)]
extern "C" fn rust_wide(x: i128) -> i128 {
    x << 64
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    // SAFETY: the functions have these types where they are defined
    unsafe {
        if c_long(i64::MIN) != i64::MIN + 1 {
            return 11;
        }
        if c_float(-1.0) != -0.5 || !c_float(f32::NAN).is_nan() {
            return 12;
        }
        if c_double(0.1, 0.5) != 0.6 {
            return 13;
        }
        if c_point(Point { x: 1.0, y: 2.0 }) != (Point { x: 2.0, y: 1.0 }) {
            return 14;
        }
        if c_wrapper(Wrapper { only: 1 << 40 }) != (Wrapper { only: -1 << 40 }) {
            return 15;
        }
        let mut point = Point { x: 1.0, y: 2.0 };
        c_pointer(&mut point);
        if point != (Point { x: 10.0, y: 2.0 }) {
            return 16;
        }
        if c_narrow(-128, false, 129) != 1 || c_narrow(127, true, 0) != 129 {
            return 17;
        }
        if c_wide(-1) != -1 << 64 {
            return 18;
        }
        match cpp_calls_both() {
            0 => 42,
            fault => fault,
        }
    }
}
