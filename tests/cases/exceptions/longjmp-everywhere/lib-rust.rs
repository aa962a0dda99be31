//! Calls what it is given, and may be left by an exception or `longjmp` then.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

#[unsafe(no_mangle)]
extern "C-unwind" fn through_rust(function: extern "C-unwind" fn()) {
    function();
}
