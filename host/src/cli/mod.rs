//! The command line: one file of flags, one module a command.

mod cache;
mod compile;
mod demo;
pub(crate) mod flags;
mod fuse;
mod inspect;
mod link;
mod output;
mod plan;
mod run;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use host::Error;
use serde::Serialize;

use flags::{Command, Flags};

/// Exit statuses beside those of the guest, as `wasmtime` and `timeout` use them. Any limit ends with that of time.
const TRAPPED: u8 = 134;
const LIMITED: u8 = 124;

pub(crate) fn main() -> ExitCode {
    let result = match &Flags::parse().command {
        Command::Demo(flags) => demo::run(flags),
        Command::Run(flags) => run::run(flags),
        Command::Plan(flags) => plan::run(flags),
        Command::Fuse(flags) => fuse::run(flags),
        Command::Compile(flags) => compile::run(flags),
        Command::Cache(flags) => cache::run(flags),
        Command::Inspect(flags) => inspect::run(flags),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Prints the error and chooses the exit status. Not by `{:?}`: users read the same with
/// `RUST_BACKTRACE=1`, which is about Rust code that they did not write.
fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(Error::Exit(code)) = error.downcast_ref() {
        // The system keeps the low byte only; anything but 0 must not become 0.
        return ExitCode::from(u8::try_from(*code).unwrap_or(1));
    }
    let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
    complain(&format!("error: {}", causes.join(": ")));
    match error.downcast_ref() {
        Some(Error::Trap { .. }) => ExitCode::from(TRAPPED),
        Some(Error::Limit { .. }) => ExitCode::from(LIMITED),
        _ => ExitCode::FAILURE,
    }
}

/// Prints to the standard error. If that is closed or full there is nobody left to tell.
///
/// Names of modules are made printable where they are put into a text; this and [`print`] see to it that none
/// that was forgotten there does anything to a terminal.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{}", linker::printable_lines(text));
}

/// Prints to the standard output.
fn print(text: &str) -> anyhow::Result<()> {
    write(&linker::printable_lines(text))
}

/// Prints as JSON. That has its own way to escape what is not printable.
fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
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
