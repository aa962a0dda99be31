//! Lends the library an array and a function, and borrows a function of its.
#![cfg_attr(shared, no_std)]

use core::ffi::c_int;

type Function = unsafe extern "C" fn(c_int) -> c_int;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn library_sum(numbers: *const c_int, count: c_int, each: Function) -> c_int;
    safe fn library_function() -> Function;
}

extern "C" fn triple(x: c_int) -> c_int {
    3 * x
}

/// The library calls it by its name.
#[unsafe(no_mangle)]
pub extern "C" fn program_offset() -> c_int {
    3
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> c_int {
    let numbers = [1, 2, 3];
    // SAFETY: the pointer and the count are those of an array, and both functions take any number
    unsafe { library_function()(library_sum(numbers.as_ptr(), 3, triple)) }
}

#[cfg(shared)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
