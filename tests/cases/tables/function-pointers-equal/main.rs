//! A function has one slot in all modules, since C, C++ and Rust compare function pointers. The
//! address is taken by the module that defines it and by others, in code and in data, and by main,
//! which is not position independent: the slot of an imported function is a constant in its code.
use std::ffi::c_int;
use std::hint::black_box;

type Function = unsafe extern "C" fn(c_int) -> c_int;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn increment(x: c_int) -> c_int;
    fn increment_of_a() -> Function;
    fn increment_of_b() -> Function;
    fn increment_of_c() -> Function;
    fn decrement_of_b() -> Function;
    fn are_same(a: Function, b: Function) -> bool;
}

#[unsafe(no_mangle)]
extern "C" fn decrement(x: c_int) -> c_int {
    x - 1
}

fn address(function: Function) -> usize {
    black_box(function as usize)
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    // SAFETY: the functions have these types where they are defined
    unsafe {
        let (a, b, c) = (increment_of_a(), increment_of_b(), increment_of_c());
        if address(a) != address(b) {
            return 1;
        }
        if address(b) != address(c) {
            return 2;
        }
        if address(c) != address(increment) {
            return 3;
        }
        if address(decrement) != address(decrement_of_b()) {
            return 4;
        }
        if !are_same(a, increment) || !are_same(decrement, decrement_of_b()) {
            return 5;
        }
        if are_same(a, decrement) {
            return 6;
        }
        a(black_box(41))
    }
}
