//! Names as their authors wrote them.

use std::borrow::Cow;
use std::fmt::{self, Write};

use cpp_demangle::DemangleOptions;

/// Returns a C++ or Rust symbol in source notation, and any other name as it is. The result is
/// [`printable`].
///
/// ```
/// assert_eq!(linker::demangle("_Z3fooi"), "foo(int)");
/// assert_eq!(linker::demangle("_ZN4calc3add17h0123456789abcdefE"), "calc::add");
/// assert_eq!(linker::demangle("__wrap__Z3fooi"), "foo(int)");
/// assert_eq!(linker::demangle("f"), "f");
/// ```
pub fn demangle(name: &str) -> Cow<'_, str> {
    // Names come from modules, which may be hostile: only printable text leaves this function.
    let name = match printable(name) {
        Cow::Borrowed(name) => name,
        escaped => return escaped,
    };
    in_source(name).map_or(name.into(), Cow::Owned)
}

/// Returns a C++ type, as `std::type_info::name` names it, in source notation. Returns `None` for
/// any other name. The result is [`printable`].
///
/// ```
/// assert_eq!(linker::demangle_type("St12out_of_range").as_deref(), Some("std::out_of_range"));
/// assert_eq!(linker::demangle_type("PKc").as_deref(), Some("char const*"));
/// assert_eq!(linker::demangle_type("text"), None);
/// ```
pub fn demangle_type(name: &str) -> Option<String> {
    const PREFIX: &str = "typeinfo name for ";
    let described = in_source(&format!("_ZTS{name}"))?;
    described.strip_prefix(PREFIX).map(str::to_owned)
}

/// The longest name in bytes, mangled or not, that is demangled: nobody reads longer ones.
///
/// A short mangled name may stand for an exponentially long one: each part of it can be the part
/// before, twice.
const LONGEST: usize = 16 * 1024;

/// Returns a C++ or Rust name in source notation; `None` for a name of another language, and for
/// one that would be too long.
fn in_source(name: &str) -> Option<String> {
    let mut source = Source(String::new());
    if name.len() > LONGEST {
        return None;
    }
    // A function that takes the place of another by wasm-ld's option `--wrap`.
    let name = name.strip_prefix("__wrap_").unwrap_or(name);
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        // The alternate form leaves out the hash.
        write!(source, "{rust:#}").ok()?;
    } else if name.starts_with("_Z") {
        // Without the prefix the demangler reads types too: `f` would be `float`.
        let symbol = cpp_demangle::Symbol::new(name).ok()?;
        symbol.structured_demangle(&mut source, &DemangleOptions::default()).ok()?;
    } else {
        return None;
    }
    // Punycode and literals can stand for any character.
    Some(printable(&source.0).into_owned())
}

/// The demangler's output. Writing fails when it gets too long.
struct Source(String);

impl Write for Source {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.0.len() + part.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(part);
        Ok(())
    }
}

/// Returns a text from a module, cut off after the bytes that anybody reads.
pub(crate) fn shortened(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST);
    if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() }
}

/// Escapes a text from a module, so that it cannot control a terminal or forge lines of a report.
///
/// It escapes control characters, characters that change the direction of text, and invisible
/// characters.
///
/// ```
/// assert_eq!(linker::printable("a\nb\u{202e}"), "a\\nb\\u{202e}");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return text.into();
    }
    let escape =
        |c: char| if is_harmful(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect::<String>().into()
}

/// Escapes a text of several lines, as [`printable`] escapes one line.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| is_harmful(c) && c != '\n') {
        return text.into();
    }
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n").into()
}

/// Returns whether a character controls a terminal, changes the text around it, or is invisible.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns a file's name without its ending, as modules are called. `libx.so.1` and `libx.wasm` are
/// both `libx`.
///
/// ```
/// assert_eq!(linker::module_name("libx.so.1"), "libx");
/// assert_eq!(linker::module_name(".wasm"), ".wasm");
/// ```
pub fn module_name(file: &str) -> &str {
    let endings = [".wasm", ".wat", ".so"];
    let is_end = |at: usize, ending: &str| {
        let rest = &file[at + ending.len()..];
        rest.is_empty() || rest.starts_with('.')
    };
    let ends = endings.iter().filter_map(|ending| {
        file.match_indices(ending).map(|(at, _)| at).find(|&at| at > 0 && is_end(at, ending))
    });
    &file[..ends.min().unwrap_or(file.len())]
}

#[cfg(test)]
mod tests {
    use super::demangle;

    /// `f(A<int, int>, A<A<int, int>, A<int, int>>, …)`, each parameter twice as long as the one
    /// before.
    #[test]
    fn a_name_that_doubles_with_every_parameter_stays_as_it_is() {
        let parameters = (0..60).map(|n| match n {
            0 => "1AIiiE".to_owned(),
            1 => "S_IS0_S0_E".to_owned(),
            n => format!("S_IS{0}_S{0}_E", base_36(n - 1)),
        });
        let name = format!("_Z1f{}", parameters.collect::<String>());
        assert_eq!(demangle(&name), name);
        assert_eq!(
            demangle("_Z1f1AIiiES_IS0_S0_E"),
            "f(A<int, int>, A<A<int, int>, A<int, int> >)"
        );
    }

    fn base_36(n: u32) -> String {
        let digit = |n| char::from_digit(n, 36).unwrap().to_ascii_uppercase();
        if n < 36 { digit(n).to_string() } else { format!("{}{}", digit(n / 36), digit(n % 36)) }
    }
}
