// Rust calls C++, which calls Rust, which traps in a function that is inlined.

unsafe extern "C" {
    fn cpp_middle(x: i32) -> i32;
    fn cpp_triple(x: i32) -> i32;
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> i32 {
    unsafe { cpp_middle(cpp_triple(7)) }
}

#[unsafe(no_mangle)]
pub extern "C" fn rust_inner(x: i32) -> i32 {
    let sum = checked(x);
    sum + 1
}

#[inline(always)]
fn checked(x: i32) -> i32 {
    if x > 5 {
        core::arch::wasm32::unreachable();
    }
    x
}
