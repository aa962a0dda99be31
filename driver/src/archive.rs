//! The archiver: Emscripten's, which knows the objects of WebAssembly.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::emscripten;
use crate::process;

/// Runs a program of Emscripten with these arguments.
///
/// # Errors
///
/// If Emscripten is not installed, or cannot be started.
pub(crate) fn run(program: &str, args: &[OsString]) -> anyhow::Result<ExitCode> {
    process::run(Command::new(emscripten::program(program)?).args(args))
}
