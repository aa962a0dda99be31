//! What tells that a module and the system libraries are of different versions of a toolchain.

use crate::module::producers::Producers;
use crate::module::{Import, Module};

/// Functions that Emscripten's libraries have only since some version: a part of their symbols, and
/// the version. Most came with a version of libc++.
const SINCE: [(&str, &str); 7] = [
    ("22__libcpp_verbose_abort", "3.1.25"),
    ("19__is_posix_terminal", "3.1.57"),
    ("__cxa_init_primary_exception", "3.1.57"),
    ("__wasm_setjmp", "3.1.57"),
    ("__cxa_call_terminate", "4.0.0"),
    ("27__from_chars_floating_point", "4.0.10"),
    ("13__hash_memory", "5.0.0"),
];

/// Explains an undefined symbol that the libraries of another version define. `system` is one of
/// the system libraries of the program.
pub(crate) fn undefined(import: &Import, importer: &Module, system: &Module) -> Option<String> {
    let sdk = system.internals.producers.sdk.as_ref()?;
    let since = SINCE.iter().find(|(part, _)| import.name.contains(part));
    if let Some((_, version)) = since.filter(|_| sdk.starts_with(EMSCRIPTEN)) {
        return Some(format!(
            "`{}` is made by Emscripten {version} or later, and the system libraries are of {sdk}: \
             {SAME}",
            importer.name
        ));
    }
    let other = other_clang(importer, system)?;
    is_reserved(&import.name).then(|| {
        let module = &importer.name;
        format!("`{module}` is compiled by {other}, and the system libraries are of {sdk}: {SAME}")
    })
}

/// Explains a function of a system library that has another type than a module wants.
pub(crate) fn mismatch(importer: &Module, system: &Module) -> Option<String> {
    let sdk = system.internals.producers.sdk.as_ref()?;
    let (module, library) = (&importer.name, &system.name);
    Some(match other_clang(importer, system) {
        Some(other) => {
            format!("`{module}` is compiled by {other}, and `{library}` is of {sdk}: {SAME}")
        }
        None => {
            format!("`{library}` is of {sdk}, and `{module}` perhaps of another version: {SAME}")
        }
    })
}

const EMSCRIPTEN: &str = "Emscripten ";

const SAME: &str = "build them with the same version";

/// Returns the clang that compiled a module, if it is not the one of a system library.
fn other_clang(importer: &Module, system: &Module) -> Option<String> {
    let clang = |Producers { clang, .. }: &Producers| clang.clone();
    let of_importer = clang(&importer.internals.producers)?;
    let of_system = clang(&system.internals.producers)?;
    (of_importer != of_system).then(|| format!("clang {of_importer}"))
}

/// Returns whether only a toolchain's libraries may define a symbol: names with two underscores,
/// and all that is in the namespace `std`.
fn is_reserved(name: &str) -> bool {
    match name.strip_prefix("_Z") {
        Some(mangled) => mangled.contains("St3__") || mangled.starts_with("St"),
        None => name.starts_with("__"),
    }
}
