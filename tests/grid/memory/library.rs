//! Calls the program by a pointer and by name, and lends it a function.
#![cfg_attr(shared, no_std)]

use core::ffi::c_int;

type Function = unsafe extern "C" fn(c_int) -> c_int;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    safe fn program_offset() -> c_int;
}

/// # Safety
///
/// `numbers` points to `count` numbers, and `each` can be called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn library_sum(
    numbers: *const c_int,
    count: c_int,
    each: Function,
) -> c_int {
    let mut sum = program_offset();
    for i in 0..count as usize {
        // SAFETY: the caller says so
        sum += unsafe { each(*numbers.add(i)) };
    }
    sum
}

extern "C" fn twice(x: c_int) -> c_int {
    2 * x
}

#[unsafe(no_mangle)]
pub extern "C" fn library_function() -> Function {
    twice
}

#[cfg(shared)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
