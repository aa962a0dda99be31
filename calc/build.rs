//! Link arguments that make this crate a main: a module that lends its memory, table and stack to the
//! shared libraries that it is linked with.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    if target != "wasm" {
        return;
    }
    println!("cargo::rustc-link-arg-cdylib=--export-table");
    println!("cargo::rustc-link-arg-cdylib=--growable-table");
    // Functions of other modules are declared by `extern "C"`; since Rust 1.96 that is an error unless it is
    // asked for. Their variables cannot be used: before 1.96 only `cargo xtask` reports that.
    println!("cargo::rustc-link-arg-cdylib=--import-undefined");
    for symbol in ["__stack_pointer", "__heap_base", "__heap_end", "__stack_low", "__stack_high"] {
        println!("cargo::rustc-link-arg-cdylib=--export={symbol}");
    }
    // Otherwise wasm-ld has each call of an export run all constructors, and for WASI what ends a program too.
    println!("cargo::rustc-link-arg-cdylib=--export=__wasm_call_ctors");
    println!("cargo::rustc-link-arg-cdylib=--export-if-defined=__wasm_call_dtors");
}
