//! A recursion with frames of some size, without end.

use std::hint::black_box;

#[inline(never)]
fn down(depth: i32) -> i32 {
    let frame = black_box([depth; 10_000]);
    if depth < 0 { 42 } else { down(depth + 1) + frame[1] }
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> i32 {
    down(0)
}
