#![no_std]

use core::ffi::{c_int, c_void};

/// Calls a function twice and returns what it returned last.
///
/// # Safety
///
/// `callback` must accept `context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rust_apply(
    callback: unsafe extern "C" fn(*mut c_void, c_int) -> c_int,
    context: *mut c_void,
    number: c_int,
) -> c_int {
    // SAFETY: the caller says that the callback accepts the context.
    unsafe {
        callback(context, number);
        callback(context, number)
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
