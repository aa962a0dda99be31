//! Calls C++ from Rust and Rust from C++, through a bridge of cxx.

#[cxx::bridge]
mod ffi {
    extern "Rust" {
        fn add(a: u32, b: u32) -> u32;
    }

    unsafe extern "C++" {
        include!("cxx-calls/src/calls.h");

        fn mix(a: u32, b: u32) -> u32;
        fn length(text: &str) -> usize;
    }
}

fn add(a: u32, b: u32) -> u32 {
    a.wrapping_add(b)
}

fn main() {
    let mut sum = 0_u32;
    for n in 0..20_000_000 {
        sum = ffi::mix(sum, n);
    }
    let mut total = 0;
    for n in 0..20_000_000_usize {
        total += ffi::length(&"0123456789"[..n % 10]);
    }
    println!("{sum} {total}");
}
