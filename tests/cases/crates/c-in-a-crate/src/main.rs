use std::ffi::c_int;
use std::sync::atomic::{AtomicI32, Ordering};

// Variables that C uses.
#[unsafe(no_mangle)]
static rust_count: AtomicI32 = AtomicI32::new(0);
#[unsafe(no_mangle)]
static rust_limit: c_int = 1000;

#[unsafe(no_mangle)]
extern "C" fn rust_twice(x: c_int) -> c_int {
    2 * x
}

unsafe extern "C" {
    static c_limit: c_int;
    #[link_name = "price$total"]
    fn price_total(x: c_int) -> c_int;
    fn cpp_catches(x: c_int) -> c_int;
}

fn main() {
    // A constructor of C has run, and libc++ has its streams.
    println!("Rust: {}", rust_count.load(Ordering::Relaxed));
    // SAFETY: none of them has conditions.
    let sum = unsafe { price_total(c_limit) + cpp_catches(1) };
    println!("Rust: {sum}");
    if sum == 81 {
        std::process::exit(42);
    }
}
