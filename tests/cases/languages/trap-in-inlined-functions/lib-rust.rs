#![no_std]

unsafe extern "C" {
    fn cpp_value(place: *const i32) -> i32;
}

#[unsafe(no_mangle)]
pub extern "C" fn rust_second(pair: *const i32) -> i32 {
    unsafe { cpp_value(pair.wrapping_add(1)) }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
