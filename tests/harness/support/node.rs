//! node, the engine that Emscripten's output and fused programs run on besides Wasmtime.

use std::path::PathBuf;
use std::process::ExitStatus;

use super::console;

/// Returns the program `node`.
pub(crate) fn node() -> Option<PathBuf> {
    // emsdk names its own.
    let of_emsdk = || std::env::var_os("EMSDK_NODE").map(PathBuf::from);
    which::which("node").ok().or_else(of_emsdk)
}

/// Formats the status of a program that node has run as a console session does.
pub(crate) fn status(status: ExitStatus) -> String {
    match status.code() {
        // node has none of its own for a trap.
        Some(1 | 7) => "? 134\n".to_owned(),
        _ => console::status(status),
    }
}
