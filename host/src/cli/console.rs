//! Text on the standard output and error.

use std::io::{self, Write};

use anyhow::Context;
use serde::Serialize;

/// Prints to the standard error, and ignores if that fails.
///
/// Names of modules are made printable where they are put into a text. This function and [`print`]
/// do so again, so that a forgotten name cannot control a terminal.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{}", linker::printable_lines(text));
}

/// Prints to the standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    write(&linker::printable_lines(text))
}

/// Prints a value as JSON, with characters that are not printable as JSON escapes.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = String::new();
    for c in serde_json::to_string_pretty(value)?.chars() {
        if linker::is_harmful(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            text.push(c);
        }
    }
    write(&(text + "\n"))
}

/// Writes to the standard output. A closed pipe, such as one to `head`, is not an error.
fn write(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to the standard output"),
    }
}
