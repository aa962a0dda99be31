//! The program `host`: links WebAssembly modules and runs them. [`cli::flags`] lists every command.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    // With `RUST_BACKTRACE=1` Wasmtime would record the host's own stack for each exception of a guest, which
    // takes ten times as long as the exception, and is never shown. That of a panic still is.
    //
    // SAFETY: no other thread runs that could read the environment at the same time: this is the first statement of
    // the program, which starts all of its threads itself, and no library that it is linked with has code that
    // runs before. (std reads the variable once and no later change counts, so it cannot be done without.)
    unsafe { std::env::set_var("RUST_LIB_BACKTRACE", "0") };
    cli::main()
}
