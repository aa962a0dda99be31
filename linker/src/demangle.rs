//! Names as their authors wrote them.

use std::borrow::Cow;

/// A C++ or Rust symbol in source notation; any other name as it is.
///
/// ```
/// assert_eq!(linker::demangle("_Z3fooi"), "foo(int)");
/// assert_eq!(linker::demangle("_ZN4calc3add17h0123456789abcdefE"), "calc::add");
/// assert_eq!(linker::demangle("f"), "f");
/// ```
pub fn demangle(name: &str) -> Cow<'_, str> {
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        // The alternate form leaves out the hash.
        return format!("{rust:#}").into();
    }
    // Without the prefix the demangler reads types too: `f` would be `float`.
    if !name.starts_with("_Z") {
        return name.into();
    }
    let cpp = cpp_demangle::Symbol::new(name).ok().and_then(|symbol| symbol.demangle().ok());
    cpp.map_or(name.into(), Cow::Owned)
}
