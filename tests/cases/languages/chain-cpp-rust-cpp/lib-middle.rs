//! In the middle: parses what C++ gives it, and has C++ do the rest.
#![no_std]

use core::ffi::{c_char, c_int};

type Finish = unsafe extern "C" fn(c_int) -> c_int;

unsafe extern "C" {
    fn scale(x: c_int, finish: Finish) -> c_int;
}

/// # Safety
///
/// `text` is a C string of digits, and `finish` can be called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn parse_and_scale(mut text: *const c_char, finish: Finish) -> c_int {
    let mut number = 0;
    // SAFETY: the caller says so
    unsafe {
        while *text != 0 {
            number = 10 * number + c_int::from(*text) - c_int::from(b'0');
            text = text.add(1);
        }
        scale(number / 4, finish)
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
