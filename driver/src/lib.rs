//! The tools with which cargo builds a Rust crate that has C or C++ inside for
//! `wasm32-unknown-unknown`. Neither the crate nor its build script has to know of them.
//!
//! | Program | Who calls it | What it calls |
//! |---|---|---|
//! | `wasm-cc`, `wasm-cxx` | build scripts, mostly by the crates `cc` and `cmake` | Emscripten's compiler |
//! | `wasm-ar`, `wasm-ranlib` | the same | Emscripten's archiver |
//! | `wasm-ld` | rustc | `rust-lld` of the Rust toolchain |
//!
//! The compiler makes position-independent code, so that its objects may use variables of modules
//! that are linked later, such as `stderr` of libc. The linker joins the objects of Rust, C and
//! C++ into one module, a *main*. Functions that none of them defines, such as those of libc, become
//! imports, which `host` links.

mod archive;
mod arguments;
mod clang;
mod compile;
pub mod emscripten;
mod link;
mod process;
pub mod settings;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

/// The task of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Compiler(Language),
    Archiver,
    /// Adds an index to an archive.
    Ranlib,
    Linker,
}

/// The language of files whose extension does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    C,
    Cpp,
}

/// Does the task with the arguments of this process, and returns the status of the tool that does
/// the work. Prints what goes wrong.
pub fn main(role: Role) -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let result = match role {
        Role::Compiler(language) => compile::run(language, args),
        Role::Archiver => archive::run("emar", &args),
        Role::Ranlib => archive::run("emranlib", &args),
        Role::Linker => link::run(args),
    };
    result.unwrap_or_else(|error| {
        process::complain(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}
