//! The Rust guest: arithmetic that C++ calls.

/// Returns `left + right`, wrapping around on overflow.
// SAFETY of the unmangled name: the modules that are linked with this one define no other `add`.
#[unsafe(no_mangle)]
pub extern "C" fn add(left: i32, right: i32) -> i32 {
    left.wrapping_add(right)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_sum_wraps_around() {
        assert_eq!((super::add(1, 7), super::add(i32::MAX, 1)), (8, i32::MIN));
    }
}
