//! Gives guests functions of the host, which use the data of the store and the guests' memory.
//!
//! ```console
//! $ cargo run --release -p host --example host_functions
//! guest: hello from the program
//! guest: hello from the library
//! 2 messages
//! ```

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use anyhow::Context;
use wasmtime::{Caller, Engine, Extern, Store};

const PROGRAM: &str = r#"(module
    (@dylink.0 (mem-info (memory 22 0)))
    (import "env" "memory" (memory 1))
    (import "env" "__memory_base" (global $base i32))
    (import "env" "log" (func $log (param i32 i32)))
    (import "env" "greet" (func $greet))
    (data (global.get $base) "hello from the program")
    (func (export "run")
        (call $log (global.get $base) (i32.const 22))
        (call $greet)))"#;

const LIBRARY: &str = r#"(module
    (@dylink.0 (mem-info (memory 22 0)))
    (import "env" "memory" (memory 1))
    (import "env" "__memory_base" (global $base i32))
    (import "env" "log" (func $log (param i32 i32)))
    (data (global.get $base) "hello from the library")
    (func (export "greet") (call $log (global.get $base) (i32.const 22))))"#;

/// The data of a store.
#[derive(Default)]
struct Log {
    messages: usize,
}

/// Prints `length` bytes of the guests' memory from `address` on.
fn log(mut caller: Caller<'_, Log>, address: u32, length: u32) -> wasmtime::Result<()> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(wasmtime::Error::msg("the program exports no memory"));
    };
    let mut text = vec![0; length as usize];
    memory.read(&caller, address as usize, &mut text)?;
    println!("guest: {}", String::from_utf8_lossy(&text));
    caller.data_mut().messages += 1;
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let engine = Engine::default();
    let mut linker = host::Linker::new(&engine);
    linker.program("program", wat::parse_str(PROGRAM).context("the program")?)?;
    linker.library("library", wat::parse_str(LIBRARY).context("the library")?)?;
    linker.func_wrap("env", "log", log)?;

    let mut store = Store::new(&engine, Log::default());
    let instance = linker.instantiate(&mut store)?;
    instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
    println!("{} messages", store.data().messages);
    Ok(())
}
