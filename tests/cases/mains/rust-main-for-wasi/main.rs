// Target: wasm32-wasip1
//! A Rust main with std for WASI, which contains a wasi-libc of its own, and C++ with Emscripten's
//! libc. Each has its own heap and its own streams.

use std::collections::BTreeMap;
use std::ffi::c_int;

unsafe extern "C" {
    /// Prints the sum of the results for the numbers up to `last`, and returns it. 0 if a result is
    /// negative.
    safe fn cpp_sum(last: c_int, function: extern "C" fn(c_int) -> c_int) -> c_int;
}

extern "C" fn square(number: c_int) -> c_int {
    let text = number.to_string();
    text.parse::<c_int>().map_or(-1, |number| number * number)
}

extern "C" fn negative(_: c_int) -> c_int {
    -1
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> c_int {
    let sums: BTreeMap<_, _> = [2, 4].map(|last| (last, cpp_sum(last, square))).into();
    println!("{sums:?} {}", cpp_sum(1, negative));
    sums[&4] + 12
}
