//! The Rust guest: arithmetic that C++ calls.

/// `left + right`, wrapping around on overflow.
// SAFETY of the unmangled name: the modules that are linked with this one define no other `add`.
#[unsafe(no_mangle)]
pub extern "C" fn add(left: i32, right: i32) -> i32 {
    left.wrapping_add(right)
}
