//! The command line: one file of flags, and one module per command.

mod cache;
mod child;
mod compile;
mod component;
mod console;
mod demo;
mod env;
pub(crate) mod flags;
mod fuse;
mod init;
mod inspect;
mod link;
mod output_file;
mod plan;
mod run;
mod serve;
mod tests;
mod watch;

use std::env::args_os;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use host::Error;

use console::complain;
use flags::{Command, Flags};

/// Exit statuses of traps and of limits, as `wasmtime` and `timeout` use them. The guest has its
/// own.
const TRAPPED: u8 = 134;
const LIMITED: u8 = 124;

pub(crate) fn main() -> ExitCode {
    let result = match &Flags::parse_from(args()).command {
        Command::Demo(flags) => demo::run(flags),
        Command::Run(flags) => run::run(flags),
        Command::Serve(flags) => serve::run(flags),
        Command::Plan(flags) => plan::run(flags),
        Command::Fuse(flags) => fuse::run(flags),
        Command::Compile(flags) => compile::run(flags),
        Command::Cache(flags) => cache::run(flags),
        Command::Env(flags) => env::run(flags),
        Command::Init(flags) => init::run(flags),
        Command::Inspect(flags) => inspect::run(flags),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Returns the arguments of this process, without the one that cargo adds when it runs this program
/// as `cargo-host` for the command `cargo host`.
pub(super) fn args() -> Vec<OsString> {
    let mut args: Vec<_> = args_os().collect();
    let is_named = |name: &str| Path::new(args.first()?).file_stem().map(|stem| stem == name);
    if is_named("cargo-host") == Some(true) && args.get(1).is_some_and(|arg| arg == "host") {
        args.remove(1);
    }
    args
}

/// Prints the error and chooses the exit status. It does not print with `{:?}`, which would show a
/// backtrace of the host's own code with `RUST_BACKTRACE=1`.
fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(Error::Exit(code)) = error.downcast_ref() {
        // The system keeps only the low byte. A failure must not become 0.
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
