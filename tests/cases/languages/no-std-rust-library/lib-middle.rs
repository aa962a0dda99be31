//! A shared library in Rust: C++ needs it, and it needs C++. The shipped `core` is not position independent,
//! so it uses only what is inlined, and nothing that can panic.
#![no_std]

use core::ffi::{c_char, c_int};
use core::sync::atomic::{AtomicI32, Ordering};

unsafe extern "C" {
    static cpp_limit: c_int;
    fn cpp_double(x: c_int) -> c_int;
}

/// A static with a pointer to another module's function, which a data relocation fills in.
static DOUBLE: unsafe extern "C" fn(c_int) -> c_int = cpp_double;

static CALLS: AtomicI32 = AtomicI32::new(0);

/// Data of Rust's for C++.
#[unsafe(no_mangle)]
pub static RUST_NAME: [c_char; 5] = [0x52, 0x75, 0x73, 0x74, 0];

#[unsafe(no_mangle)]
pub extern "C" fn rust_clamped_double(x: c_int) -> c_int {
    CALLS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: they have these types where they are defined, and nobody changes the limit
    unsafe { DOUBLE(x).min(cpp_limit) }
}

#[unsafe(no_mangle)]
pub extern "C" fn rust_calls() -> c_int {
    CALLS.load(Ordering::Relaxed)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
