//! Text on the standard output and error.

use std::io::{self, Write};

use anyhow::Context;
use serde::Serialize;

/// Prints to the standard error. If that is closed or full there is nobody left to tell.
///
/// Names of modules are made printable where they are put into a text; this and [`print`] see to it that none
/// that was forgotten there does anything to a terminal.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{}", linker::printable_lines(text));
}

/// Prints to the standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    write(&linker::printable_lines(text))
}

/// Prints as JSON. That has its own way to escape what is not printable.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = String::new();
    for c in serde_json::to_string_pretty(value)?.chars() {
        match linker::is_harmful(c) && c != '\n' {
            true => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
            false => text.push(c),
        }
    }
    write(&(text + "\n"))
}

/// A reader that has gone away, such as `head`, is no error.
fn write(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to the standard output"),
    }
}
