//! Adds.
#![cfg_attr(shared, no_std)]

use core::ffi::c_int;

#[unsafe(no_mangle)]
pub extern "C" fn library_add(a: c_int, b: c_int) -> c_int {
    a.wrapping_add(b)
}

#[cfg(shared)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
