//! The program `host`: links WebAssembly modules and runs them. [`cli::flags`] lists every command.

#![allow(clippy::print_stderr, reason = "this is a command line")]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
