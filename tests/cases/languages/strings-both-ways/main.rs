//! Strings pass from Rust to C++ and back without copying: a pointer means the same in both, and
//! the side that allocates a string frees it.
use std::ffi::{CStr, CString, c_char, c_int};
use std::slice;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn greeting() -> *const c_char;
    fn count_spaces(text: *const c_char, size: usize) -> usize;
    fn cpp_repeat(text: *const c_char, times: c_int) -> *mut c_char;
    fn cpp_free(text: *mut c_char);
    fn cpp_asks_rust() -> bool;
}

/// # Safety
///
/// `text` points to `size` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn rust_upper(text: *const u8, size: usize) -> *mut c_char {
    // SAFETY: the caller says so
    let text = String::from_utf8_lossy(unsafe { slice::from_raw_parts(text, size) });
    CString::new(text.to_uppercase()).unwrap_or_default().into_raw()
}

/// # Safety
///
/// `text` comes from `rust_upper`, and is not used any more.
#[unsafe(no_mangle)]
unsafe extern "C" fn rust_free(text: *mut c_char) {
    // SAFETY: the caller says so
    drop(unsafe { CString::from_raw(text) });
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    let text = String::from("one two  three");
    // SAFETY: the functions have these types where they are defined, and the strings live long enough
    unsafe {
        if count_spaces(text.as_ptr().cast(), text.len()) != 3 {
            return 1;
        }
        let repeated = cpp_repeat(c"ab".as_ptr(), 3);
        let copy = CStr::from_ptr(repeated).to_owned();
        cpp_free(repeated);
        if copy.as_c_str() != c"ababab" {
            return 2;
        }
        if CStr::from_ptr(greeting()).to_str() != Ok("grüß dich, 世界") {
            return 3;
        }
        if !cpp_asks_rust() {
            return 4;
        }
    }
    42
}
