//! The guest `NAME`: Rust that calls C++, by a bridge of `cxx`.

#[allow(unreachable_pub, reason = "the bridge makes all that it names public")]
#[cxx::bridge]
mod ffi {
    unsafe extern "C++" {
        include!("NAME/include/sum.h");

        /// A C++ exception becomes an `Err`.
        fn NAME_sum(numbers: &[i32]) -> Result<i32>;
    }
}

/// Returns 42, the sum of two numbers. Returns -1 if C++ throws.
// SAFETY of the unmangled name: the modules that are linked with this one define no other function
// of this name.
#[unsafe(no_mangle)]
pub extern "C" fn NAME_answer() -> i32 {
    ffi::NAME_sum(&[20, 22]).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_list_without_numbers_is_refused() {
        let error = super::ffi::NAME_sum(&[]).err();
        assert_eq!(error.map(|error| error.to_string()).as_deref(), Some("there are no numbers"));
    }
}
