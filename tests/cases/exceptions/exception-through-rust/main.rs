//! C++ throws through Rust frames into the C++ that called them. Rust declares functions that C++
//! may unwind as `extern "C-unwind"`. Rust values in these frames are not dropped: Rust for this
//! target does not unwind.

use std::ffi::c_int;

unsafe extern "C-unwind" {
    fn protects(function: extern "C-unwind" fn(c_int) -> c_int, n: c_int) -> c_int;
    fn throws(n: c_int) -> c_int;
    safe fn note(line: c_int);
}

struct Noisy(c_int);

impl Drop for Noisy {
    fn drop(&mut self) {
        note(self.0);
    }
}

extern "C-unwind" fn passes(n: c_int) -> c_int {
    let _noisy = Noisy(100 + n);
    // SAFETY: it has this type, and no conditions.
    let result = unsafe { throws(n) };
    note(n);
    result
}

#[unsafe(no_mangle)]
extern "C-unwind" fn test() -> c_int {
    for n in 0..3 {
        // SAFETY: `protects` calls the function and returns, whatever that throws.
        note(unsafe { protects(passes, n) });
    }
    42
}
