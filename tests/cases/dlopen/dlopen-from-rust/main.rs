//! A Rust program with std and its own allocator opens a library in C++.

use std::ffi::{CStr, c_char, c_int, c_void};

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlclose(library: *mut c_void) -> c_int;
    fn dlerror() -> *const c_char;
    fn puts(text: *const c_char) -> c_int;
}

#[unsafe(no_mangle)]
pub extern "C" fn triple(x: c_int) -> c_int {
    3 * x
}

fn error() -> String {
    // SAFETY: the text is valid until the next call.
    unsafe { CStr::from_ptr(dlerror()) }.to_string_lossy().into_owned()
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> c_int {
    // SAFETY: names are C strings, and `apply` has this type, as its source says.
    unsafe {
        let library = dlopen(c"opened-plugin.wasm".as_ptr(), 2);
        let apply = dlsym(library, c"apply".as_ptr());
        let apply: extern "C" fn(extern "C" fn(c_int) -> c_int, c_int) -> c_int =
            std::mem::transmute(apply);
        let result = apply(triple, 13);
        assert!(dlsym(library, c"nothing".as_ptr()).is_null());
        let text = std::ffi::CString::new(error()).unwrap();
        puts(text.as_ptr());
        dlclose(library);
        result
    }
}
