//! Sets the link arguments that make this crate a main: a module that provides its memory, table
//! and stack to the shared libraries that it is linked with.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    if target != "wasm" {
        return;
    }
    println!("cargo::rustc-link-arg-cdylib=--export-table");
    println!("cargo::rustc-link-arg-cdylib=--growable-table");
    // The crate may declare functions of other modules as `extern "C"`. Since Rust 1.96, this is an
    // error without this argument. Variables of other modules cannot be used; before Rust 1.96,
    // only `cargo xtask` reports that.
    println!("cargo::rustc-link-arg-cdylib=--import-undefined");
    for symbol in ["__stack_pointer", "__heap_base", "__heap_end", "__stack_low", "__stack_high"] {
        println!("cargo::rustc-link-arg-cdylib=--export={symbol}");
    }
    // Without these, wasm-ld makes each call of an export run all constructors. For WASI, it also
    // makes each call run the functions that end a program.
    println!("cargo::rustc-link-arg-cdylib=--export=__wasm_call_ctors");
    println!("cargo::rustc-link-arg-cdylib=--export-if-defined=__wasm_call_dtors");
}
