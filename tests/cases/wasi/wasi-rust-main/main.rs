// Target: wasm32-wasip1
//! A Rust main with std for WASI, which contains a wasi-libc of its own, and C++ for wasi-libc.
//! Both call each other, and each frees what it allocates.

use std::ffi::{CStr, CString, c_char, c_int};

unsafe extern "C" {
    /// Returns text that [`cpp_free`] frees.
    fn cpp_join(first: *const c_char, second: *const c_char) -> *mut c_char;
    fn cpp_free(text: *mut c_char);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rust_print(text: *const c_char) {
    // SAFETY: the caller passes a string of C.
    println!("{}", unsafe { CStr::from_ptr(text) }.to_string_lossy());
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> c_int {
    let words = ["wasi", "libc"].map(|word| CString::new(word).unwrap_or_default());
    // SAFETY: both are strings of C, and so is the result, until it is freed.
    let joined = unsafe {
        let joined = cpp_join(words[0].as_ptr(), words[1].as_ptr());
        let copy = CStr::from_ptr(joined).to_string_lossy().into_owned();
        cpp_free(joined);
        copy
    };
    println!("{joined} {:?}", std::fs::read("nowhere").map_err(|error| error.kind()));
    42
}
