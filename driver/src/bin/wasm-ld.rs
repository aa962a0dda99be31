//! The linker that rustc calls.

use std::process::ExitCode;

use driver::Role;

fn main() -> ExitCode {
    driver::main(Role::Linker)
}
