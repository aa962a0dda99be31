//! The Rust half of the calls between languages; `calls.cpp` is the other.

// SAFETY of the unmangled names: `calls.cpp` defines no such functions.
#[unsafe(no_mangle)]
pub extern "C" fn rust_add(left: u32, right: u32) -> u32 {
    left.wrapping_add(right)
}

/// Folds the numbers below `count` with a function of another language.
#[unsafe(no_mangle)]
pub extern "C" fn rust_fold(count: u32, add: extern "C" fn(u32, u32) -> u32) -> u32 {
    (0..count).fold(0, |sum, number| add(sum, number))
}
