//! The messages of rust-lld, with the way out of those that have one.

use std::collections::BTreeMap;

/// Warnings that say nothing about the program.
const NOISE: &str = "dynamic imports are not yet stable";

/// Returns the messages for the user. `succeeded` is whether the module was linked.
pub(crate) fn explain(messages: &str, module: &str, succeeded: bool) -> String {
    let mut lines = Vec::new();
    let mut undefined = BTreeMap::<&str, &str>::new();
    for line in messages.lines().filter(|line| !line.contains(NOISE)) {
        match undefined_variable(line) {
            Some((symbol, object)) => {
                undefined.entry(symbol).or_insert(object);
            }
            None => lines.push(line.to_owned()),
        }
    }
    lines.extend(undefined.iter().map(|(symbol, object)| {
        format!(
            "error: `{module}` takes the address of the variable `{symbol}`, but does not \
             define it ({object})"
        )
    }));
    lines.extend(undefined.keys().next().map(|symbol| way_out(symbol)));
    if !succeeded && messages.contains("duplicate symbol") {
        lines.push(DUPLICATE.to_owned());
    }
    lines.join("\n")
}

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
        let text = explain(&format!("{UNDEFINED}\n{UNDEFINED}\n"), "calc", false);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(
            lines[0],
            "error: `calc` takes the address of the variable `stderr`, but does not define it (a.o)"
        );
        assert!(lines[1].starts_with("help: ") && lines[1].contains("address_of_stderr"), "{text}");
    }

    #[test]
    fn other_messages_stay_and_noise_goes() {
        let text =
            "rust-lld: warning: dynamic imports are not yet stable (…)\nrust-lld: warning: w";
        assert_eq!(explain(text, "calc", true), "rust-lld: warning: w");
    }
}
