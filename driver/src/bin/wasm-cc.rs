//! The C compiler that build scripts call.

use std::process::ExitCode;

use driver::{Language, Role};

fn main() -> ExitCode {
    driver::main(Role::Compiler(Language::C))
}
