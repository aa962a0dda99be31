//! The C libraries that code is compiled for: Emscripten's and wasi-libc. A program has one of them.
//!
//! Their headers differ in what no symbol tells, such as the fields of `struct stat` and the values
//! of `O_CREAT`. Most modules nevertheless import something that only one of the two has.

use std::fmt;

use serde::Serialize;

use crate::names::{demangle, printable};

/// A C library, with the C++ library that is compiled for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CLibrary {
    /// Emscripten's libc.
    Emscripten,
    /// The libc of `wasm32-wasi` targets, which wasi-sdk and Zig use.
    Wasi,
}

impl fmt::Display for CLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CLibrary::Emscripten => "Emscripten's libc",
            CLibrary::Wasi => "wasi-libc",
        })
    }
}

/// What tells for which C library a module was compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CLibrarySign {
    /// It imports a symbol that only this library defines.
    Symbol(String),
    /// It uses the namespace in which only the C++ library for it has its symbols.
    Namespace(&'static str),
    /// It lists a library as needed whose file only this one is called.
    Needed(String),
    /// It was compiled by Zig, which has no other C library for WebAssembly.
    Zig,
    /// It is a system library, or contains one.
    System,
}

impl fmt::Display for CLibrarySign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CLibrarySign::Symbol(name) => write!(f, "imports `{}`", demangle(name)),
            CLibrarySign::Namespace(name) => write!(f, "uses the namespace `{name}`"),
            CLibrarySign::Needed(file) => write!(f, "needs `{}`", printable(file)),
            CLibrarySign::Zig => f.write_str("was compiled by Zig"),
            CLibrarySign::System => f.write_str("has system libraries for it"),
        }
    }
}
