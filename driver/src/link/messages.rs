//! The messages of rust-lld, with the way out of those that have one.

use std::collections::BTreeMap;

/// Warnings that say nothing about the program.
const NOISE: &str = "dynamic imports are not yet stable";

/// The messages for the user.
pub(crate) struct Explained {
    pub(crate) text: String,
    /// Set if the module cannot be used, although rust-lld has linked it.
    pub(crate) is_error: bool,
}

/// Explains the messages of rust-lld. `succeeded` is whether it has linked the module.
pub(crate) fn explain(messages: &str, module: &str, succeeded: bool) -> Explained {
    let messages: Vec<_> = messages.lines().filter(|line| !line.contains(NOISE)).collect();
    let mut lines = Vec::new();
    let mut undefined = BTreeMap::<&str, &str>::new();
    let mut is_error = false;
    let mut rest = messages.as_slice();
    while let [line, after @ ..] = rest {
        rest = after;
        if let Some(error) = mismatch(line, after) {
            lines.push(error);
            is_error = true;
        } else if let Some((symbol, object)) = undefined_variable(line) {
            undefined.entry(symbol).or_insert(object);
        } else {
            lines.push((*line).to_owned());
        }
    }
    if is_error {
        lines.push(MISMATCH.to_owned());
    }
    lines.extend(undefined.iter().map(|(symbol, object)| {
        format!(
            "error: `{module}` takes the address of the variable `{symbol}`, but does not \
             define it ({object})"
        )
    }));
    lines.extend(undefined.keys().next().map(|symbol| way_out(symbol)));
    if !succeeded && messages.iter().any(|line| line.contains("duplicate symbol")) {
        lines.push(DUPLICATE.to_owned());
    }
    Explained { text: lines.join("\n"), is_error }
}

/// Returns an error if a message says that a function has one type in Rust and another in C, as the
/// lines after it do. rust-lld only warns, which rustc does not show, and makes the calls trap.
fn mismatch(line: &str, after: &[&str]) -> Option<String> {
    let (_, symbol) = line.split_once("function signature mismatch: ")?;
    let is_of_rust = |line: &str| line.contains(".rcgu.o");
    let [first, second, ..] = after else { return None };
    let differs = is_of_rust(first) != is_of_rust(second);
    differs.then(|| format!("error: `{symbol}` has another type in C than in Rust"))
}

const MISMATCH: &str = "help: give the function the same parameters and the same result in Rust's \
                        `extern` block and in C, or let bindgen write the block";

const DUPLICATE: &str = "help: the objects above define it twice. If two crates bring the same C \
                         function, use one of them, or one version: `cargo tree -i` shows who needs \
                         each";

/// Splits `rust-lld: error: OBJECT: relocation KIND cannot be used against symbol `NAME`; …` into
/// the name and the object's file name.
fn undefined_variable(line: &str) -> Option<(&str, &str)> {
    let (object, rest) = line.split_once(": relocation R_WASM_MEMORY_ADDR")?;
    let (symbol, _) = rest.split_once("against symbol `")?.1.split_once('`')?;
    Some((symbol, object.rsplit(['/', '\\', ' ']).next()?))
}

/// Returns the advice for a variable. The name of one of Rust or C++ cannot be used in C.
fn way_out(symbol: &str) -> String {
    let is_of_c = symbol.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let name = if is_of_c { symbol } else { "name" };
    format!(
        "help: this code was compiled for fixed addresses, as all Rust is, and another module \
         defines the variable: let C that is compiled with `wasm-cc` return its address, \
         `void *address_of_{name}(void) {{ return (void *)&{name}; }}`, and call that function"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNDEFINED: &str = "rust-lld: error: /build/a.o: relocation R_WASM_MEMORY_ADDR_SLEB cannot \
                             be used against symbol `stderr`; recompile with -fPIC";

    #[test]
    fn a_variable_is_named_once_with_the_way_out() {
        let text = explain(&format!("{UNDEFINED}\n{UNDEFINED}\n"), "calc", false).text;
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(
            lines[0],
            "error: `calc` takes the address of the variable `stderr`, but does not define it (a.o)"
        );
        assert!(lines[1].starts_with("help: ") && lines[1].contains("address_of_stderr"), "{text}");
    }

    #[test]
    fn a_type_that_differs_between_rust_and_c_is_an_error() {
        let message = |first: &str, second: &str| {
            format!(
                "rust-lld: warning: function signature mismatch: add\n\
                 >>> defined as (f64) -> i32 in {first}\n>>> defined as (i32) -> i32 in {second}\n"
            )
        };
        let explained = explain(&message("a.1-cgu.0.rcgu.o", "libc.a(add.o)"), "calc", true);
        let text = explained.text;
        assert!(explained.is_error);
        assert!(text.starts_with("error: `add` has another type in C than in Rust\n>>>"), "{text}");
        assert!(text.contains(">>> defined as (i32) -> i32 in libc.a(add.o)\nhelp: "), "{text}");
        assert!(!explain(&message("a.o", "b.o"), "calc", true).is_error);
    }

    #[test]
    fn other_messages_stay_and_noise_goes() {
        let text =
            "rust-lld: warning: dynamic imports are not yet stable (…)\nrust-lld: warning: w";
        assert_eq!(explain(text, "calc", true).text, "rust-lld: warning: w");
    }
}
