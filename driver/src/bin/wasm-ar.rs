//! The archiver that build scripts call.

use std::process::ExitCode;

use driver::Role;

fn main() -> ExitCode {
    driver::main(Role::Archiver)
}
