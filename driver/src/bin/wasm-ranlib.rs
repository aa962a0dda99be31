//! The program that build scripts call to index an archive.

use std::process::ExitCode;

use driver::Role;

fn main() -> ExitCode {
    driver::main(Role::Ranlib)
}
