//! Names as their authors wrote them.

use std::borrow::Cow;

/// A C++ or Rust symbol in source notation; any other name as it is, but [`printable`].
///
/// ```
/// assert_eq!(linker::demangle("_Z3fooi"), "foo(int)");
/// assert_eq!(linker::demangle("_ZN4calc3add17h0123456789abcdefE"), "calc::add");
/// assert_eq!(linker::demangle("f"), "f");
/// ```
pub fn demangle(name: &str) -> Cow<'_, str> {
    // Names come from modules, which may be hostile: nothing else is ever printed of them.
    let name = match printable(name) {
        Cow::Borrowed(name) => name,
        escaped => return escaped,
    };
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

/// A text of somebody else's that cannot do anything to a terminal or forge lines of a report: control
/// characters, and those that change the direction of text, are escaped.
///
/// ```
/// assert_eq!(linker::printable("a\nb\u{202e}"), "a\\nb\\u{202e}");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if !text.contains(is_harmful) {
        return text.into();
    }
    let escape = |c: char| match is_harmful(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect::<String>().into()
}
