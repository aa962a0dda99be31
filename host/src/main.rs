//! The program `host` links WebAssembly modules and runs them. [`cli::flags`] lists every command.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    // With `RUST_BACKTRACE=1`, Wasmtime would record the host's own stack for each exception of a
    // guest. That takes ten times as long as the exception, and the record is never shown. The
    // backtrace of a panic is still shown.
    //
    // SAFETY: no other thread can read the environment at the same time. This is the first
    // statement of the program, which starts all of its threads itself, and no library that it is
    // linked with runs code before `main`. (std reads the variable once, so setting it later has no
    // effect.)
    unsafe { std::env::set_var("RUST_LIB_BACKTRACE", "0") };
    cli::main()
}
