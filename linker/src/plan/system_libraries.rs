//! The files of the system libraries, and the other names that they answer to.

use crate::names::module_name;

/// The libc++ of programs that catch no exceptions. It ends a program that throws one.
pub(crate) const LIBCXX: &str = "libc++.wasm";

/// The libc++ of programs that catch with the help of `invoke_*` functions.
pub(crate) const LIBCXX_EXCEPTIONS: &str = "libc++-exceptions.wasm";

/// The libc++ of programs that catch with WebAssembly's own exceptions.
pub(crate) const LIBCXX_WASM_EXCEPTIONS: &str = "libc++-wasm-exceptions.wasm";

/// Every libc++; a program has at most one.
const ALL_LIBCXX: [&str; 3] = [LIBCXX_EXCEPTIONS, LIBCXX_WASM_EXCEPTIONS, LIBCXX];

/// The other system libraries; each one comes before those that it needs.
pub(crate) const OTHERS: [&str; 3] = ["libiconv.wasm", "libdl.wasm", LIBC];

/// The libc, which reads the environment.
pub(crate) const LIBC: &str = "libc.wasm";

/// Other names that linkers write for the contents of a system library.
const ALIASES: [(&str, &[&str]); 2] = [
    (LIBC, &["libm", "libpthread", "librt", "libutil", "libcrypt", "libresolv", "libxnet"]),
    (LIBCXX, &["libc++abi", "libunwind"]),
];

/// Returns the file of the system library that a `needed` entry or a name for `dlopen` means.
///
/// ```
/// assert_eq!(linker::system_library("libm.so.6"), Some("libc.wasm"));
/// assert_eq!(linker::system_library("libc++abi.so"), Some("libc++.wasm"));
/// assert_eq!(linker::system_library("libz.so"), None);
/// ```
pub fn system_library(name: &str) -> Option<&'static str> {
    let name = module_name(name);
    let alias = || ALIASES.iter().find(|(_, names)| names.contains(&name)).map(|(file, _)| *file);
    system_libraries().find(|file| module_name(file) == name).or_else(alias)
}

/// Returns whether a name means the system library `file`. Each libc++ answers to the names of
/// libc++.
pub(crate) fn is_called(file: &str, name: &str) -> bool {
    match system_library(name) {
        Some(LIBCXX) => ALL_LIBCXX.contains(&file),
        other => other == Some(file),
    }
}

/// Returns the file of the system library that has exactly this name in messages.
pub(crate) fn titled(title: &str) -> Option<&'static str> {
    system_libraries().find(|file| module_name(file) == title)
}

/// Returns the files of all system libraries. A program has at most one libc++ of them.
pub fn system_libraries() -> impl Iterator<Item = &'static str> {
    ALL_LIBCXX.into_iter().chain(OTHERS)
}
