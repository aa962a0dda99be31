//! A shared library in Rust that takes the address, too.
#![no_std]

type Function = unsafe extern "C" fn(i32) -> i32;

unsafe extern "C" {
    fn increment(x: i32) -> i32;
}

#[unsafe(no_mangle)]
pub extern "C" fn increment_of_c() -> Function {
    increment
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
