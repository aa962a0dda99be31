//! Calls the library.
#![cfg_attr(shared, no_std)]

use core::ffi::c_int;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    safe fn library_add(a: c_int, b: c_int) -> c_int;
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> c_int {
    library_add(-1, 43)
}

#[cfg(shared)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
