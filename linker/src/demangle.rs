//! Names as their authors wrote them.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use cpp_demangle::{DemangleOptions, Symbol};

/// As many bytes as a name may become, which repeats parts of itself by number: the longest of a real program have some
/// thousands, but one that means harm doubles with every few letters.
const LONGEST: usize = 64 * 1024;

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
        return limited(|text| write!(text, "{rust:#}")).map_or(name.into(), Cow::Owned);
    }
    // Without the prefix the demangler reads types too: `f` would be `float`.
    if !name.starts_with("_Z") {
        return name.into();
    }
    let options = DemangleOptions::new();
    let cpp = Symbol::new(name).ok();
    let cpp = cpp.and_then(|symbol| limited(|text| symbol.structured_demangle(text, &options)));
    cpp.map_or(name.into(), Cow::Owned)
}

/// What is written, unless that is too long.
fn limited(write: impl FnOnce(&mut Limited) -> fmt::Result) -> Option<String> {
    let mut text = Limited(String::new());
    write(&mut text).ok().map(|()| text.0)
}

struct Limited(String);

impl fmt::Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::demangle;

    /// `f(A<int, int>, A<A<int, int>, A<int, int>>, …)`, each parameter twice as long as the one before.
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
