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

/// The libc++ of programs for wasi-libc that catch no exceptions.
pub(crate) const WASI_LIBCXX: Libcxx = Libcxx {
    file: "wasi-libc++.wasm",
    parts: ["wasi-libc++-iostream.wasm", "wasi-libc++-demangle.wasm"],
};

/// The libc++ of programs for wasi-libc that catch with WebAssembly's own exceptions.
pub(crate) const WASI_LIBCXX_WASM_EXCEPTIONS: Libcxx = Libcxx {
    file: "wasi-libc++-wasm-exceptions.wasm",
    parts: [
        "wasi-libc++-wasm-exceptions-iostream.wasm",
        "wasi-libc++-wasm-exceptions-demangle.wasm",
    ],
};

/// Every libc++ for wasi-libc.
const WASI_ALL_LIBCXX: [Libcxx; 2] = [WASI_LIBCXX_WASM_EXCEPTIONS, WASI_LIBCXX];

/// Every libc++; a program has at most one.
const ALL_LIBCXX: [Libcxx; 5] =
    [LIBCXX_EXCEPTIONS, LIBCXX_WASM_EXCEPTIONS, LIBCXX, WASI_LIBCXX_WASM_EXCEPTIONS, WASI_LIBCXX];

/// The other system libraries of Emscripten; each one comes before those that it needs.
pub(crate) const OTHERS: [&str; 3] = ["libiconv.wasm", LIBDL, LIBC];

/// The other system libraries of programs for wasi-libc, in the same order.
pub(crate) const WASI_OTHERS: [&str; 3] = ["wasi-stack-protector.wasm", WASI_LIBDL, WASI_LIBC];

/// Emscripten's libc, which reads the environment.
pub(crate) const LIBC: &str = "libc.wasm";
pub(crate) const WASI_LIBC: &str = "wasi-libc.wasm";
const LIBDL: &str = "libdl.wasm";
const WASI_LIBDL: &str = "wasi-libdl.wasm";

/// The names that linkers write for a libc and for what other systems keep in libraries of their
/// own.
const LIBC_NAMES: [&str; 8] =
    ["libc", "libm", "libpthread", "librt", "libutil", "libcrypt", "libresolv", "libxnet"];
/// The parts of wasi-libc that its SDK keeps in libraries of their own.
const WASI_LIBC_NAMES: [&str; 4] = [
    "libwasi-emulated-getpid",
    "libwasi-emulated-mman",
    "libwasi-emulated-process-clocks",
    "libwasi-emulated-signal",
];
const LIBDL_NAMES: [&str; 1] = ["libdl"];
const LIBCXX_NAMES: [&str; 3] = ["libc++", "libc++abi", "libunwind"];

/// Returns the names by which modules need a system library, besides that of its file.
fn names_of(file: &str) -> impl Iterator<Item = &'static str> {
    let is_libcxx = || ALL_LIBCXX.iter().any(|libcxx| libcxx.file == file);
    let (names, more): (&[&str], &[&str]) = match file {
        LIBC => (&LIBC_NAMES, &[]),
        WASI_LIBC => (&LIBC_NAMES, &WASI_LIBC_NAMES),
        LIBDL | WASI_LIBDL => (&LIBDL_NAMES, &[]),
        _ if is_libcxx() => (&LIBCXX_NAMES, &[]),
        _ => (&[], &[]),
    };
    names.iter().chain(more).copied()
}

/// Returns the file of the system library that a `needed` entry or a name for `dlopen` means. If
/// several answer to a name, it is the one of programs that are compiled by Emscripten and catch no
/// exceptions.
///
/// ```
/// assert_eq!(linker::system_library("libm.so.6"), Some("libc.wasm"));
/// assert_eq!(linker::system_library("libc++abi.so"), Some("libc++.wasm"));
/// assert_eq!(linker::system_library("libz.so"), None);
/// ```
pub fn system_library(name: &str) -> Option<&'static str> {
    let preferred = [LIBCXX.file, LIBC, LIBDL].into_iter().chain(system_libraries());
    let mut files = preferred.filter(|file| is_called(file, name));
    files.next()
}

/// Returns whether a name means the system library `file`. Each libc++ answers to the names of
/// libc++, and each libc to those of libc.
pub(crate) fn is_called(file: &str, name: &str) -> bool {
    let name = module_name(name);
    module_name(file) == name || names_of(file).any(|other| other == name)
}

/// Returns the file of the system library that has exactly this name in messages.
pub(crate) fn titled(title: &str) -> Option<&'static str> {
    system_libraries().find(|file| module_name(file) == title)
}

/// Returns the files of all system libraries. A program has at most one libc and one libc++ of
/// them.
pub fn system_libraries() -> impl Iterator<Item = &'static str> {
    let libcxx = ALL_LIBCXX.into_iter().map(|libcxx| libcxx.file);
    let parts = ALL_LIBCXX.into_iter().flat_map(|libcxx| libcxx.parts);
    libcxx.chain(OTHERS).chain(WASI_OTHERS).chain(parts)
}

/// Returns whether a system library is wasi-libc, or is compiled for it.
pub(crate) fn is_for_wasi(file: &str) -> bool {
    let libcxx = WASI_ALL_LIBCXX.into_iter();
    let mut files = libcxx.flat_map(|libcxx| [libcxx.file].into_iter().chain(libcxx.parts));
    WASI_OTHERS.contains(&file) || files.any(|other| other == file)
}

/// Returns the files of the parts of a module, if it is a libc++.
///
/// In a program that opens libraries, a libc++ needs its parts. Code that is not there yet may use
/// them, and `dlsym` finds them.
pub(crate) fn parts_of(system: Option<&'static str>) -> impl Iterator<Item = &'static str> {
    let libcxx = ALL_LIBCXX.into_iter().find(|libcxx| Some(libcxx.file) == system);
    libcxx.into_iter().flat_map(|libcxx| libcxx.parts)
}
