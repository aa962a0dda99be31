//! The files of the system libraries, and the other names that they answer to.

use crate::names::module_name;

/// A libc++, and the parts of it that are libraries of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Libcxx {
    pub(crate) file: &'static str,
    /// The files of the parts: the standard streams, and the demangler. Few programs need them, and
    /// they would bring much else.
    pub(crate) parts: [&'static str; 2],
}

/// The libc++ of programs that catch no exceptions. It ends a program that throws one.
pub(crate) const LIBCXX: Libcxx =
    Libcxx { file: "libc++.wasm", parts: ["libc++-iostream.wasm", "libc++-demangle.wasm"] };

/// The libc++ of programs that catch with the help of `invoke_*` functions.
pub(crate) const LIBCXX_EXCEPTIONS: Libcxx = Libcxx {
    file: "libc++-exceptions.wasm",
    parts: ["libc++-exceptions-iostream.wasm", "libc++-exceptions-demangle.wasm"],
};

/// The libc++ of programs that catch with WebAssembly's own exceptions.
pub(crate) const LIBCXX_WASM_EXCEPTIONS: Libcxx = Libcxx {
    file: "libc++-wasm-exceptions.wasm",
    parts: ["libc++-wasm-exceptions-iostream.wasm", "libc++-wasm-exceptions-demangle.wasm"],
};

/// Every libc++; a program has at most one.
const ALL_LIBCXX: [Libcxx; 3] = [LIBCXX_EXCEPTIONS, LIBCXX_WASM_EXCEPTIONS, LIBCXX];

/// The other system libraries; each one comes before those that it needs.
pub(crate) const OTHERS: [&str; 3] = ["libiconv.wasm", "libdl.wasm", LIBC];

/// The libc, which reads the environment.
pub(crate) const LIBC: &str = "libc.wasm";

/// Other names that linkers write for the contents of a system library.
const ALIASES: [(&str, &[&str]); 2] = [
    (LIBC, &["libm", "libpthread", "librt", "libutil", "libcrypt", "libresolv", "libxnet"]),
    (LIBCXX.file, &["libc++abi", "libunwind"]),
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
    let meant = system_library(name);
    let is_libcxx = || ALL_LIBCXX.iter().any(|libcxx| libcxx.file == file);
    meant == Some(file) || meant == Some(LIBCXX.file) && is_libcxx()
}

/// Returns the file of the system library that has exactly this name in messages.
pub(crate) fn titled(title: &str) -> Option<&'static str> {
    system_libraries().find(|file| module_name(file) == title)
}

/// Returns the files of all system libraries. A program has at most one libc++ of them.
pub fn system_libraries() -> impl Iterator<Item = &'static str> {
    let libcxx = ALL_LIBCXX.into_iter().map(|libcxx| libcxx.file);
    let parts = ALL_LIBCXX.into_iter().flat_map(|libcxx| libcxx.parts);
    libcxx.chain(OTHERS).chain(parts)
}

/// Returns the files of the parts of a module, if it is a libc++.
///
/// In a program that opens libraries, a libc++ needs its parts. Code that is not there yet may use
/// them, and `dlsym` finds them.
pub(crate) fn parts_of(system: Option<&'static str>) -> impl Iterator<Item = &'static str> {
    let libcxx = ALL_LIBCXX.into_iter().find(|libcxx| Some(libcxx.file) == system);
    libcxx.into_iter().flat_map(|libcxx| libcxx.parts)
}
