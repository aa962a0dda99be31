//! The program `host`: links WebAssembly modules and runs them. [`cli::flags`] lists every command.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    // With `RUST_BACKTRACE=1` Wasmtime would record the host's own stack for each exception of a guest, which
    // takes ten times as long as the exception, and is never shown. That of a panic still is.
    //
    // SAFETY: no other thread runs yet that could read the environment.
    unsafe { std::env::set_var("RUST_LIB_BACKTRACE", "0") };
    cli::main()
}
