//! `cargo xtask`: builds, checks and runs the guests. `flags.rs` lists every command.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command line")]

mod build;
mod commands;
mod flags;
mod support;
mod tools;

use std::process::ExitCode;

use crate::commands::{
    bench, build_all, check, ci, clean, dev, doctor, fuzz, install, matrix, new, remove, run,
    setup, test,
};
use crate::flags::{Command, Flags};
use crate::support::child;
use crate::support::interrupt::{self, Interrupted};
use crate::support::progress::Progress;
use crate::support::project::Project;

fn main() -> ExitCode {
    let flags = Flags::read();
    interrupt::listen();
    match execute(&flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn execute(flags: &Flags) -> anyhow::Result<()> {
    child::set_limit(flags.tool_timeout);
    let project = Project::find()?;
    let progress = Progress::new(flags.verbose);
    match &flags.command {
        Command::Setup(flags) => setup::run(&project, &progress, flags),
        Command::Doctor => doctor::run(&project),
        Command::BuildAll(flags) => build_all::run(&project, &progress, flags),
        Command::Install(flags) => install::run(&project, &progress, flags),
        Command::Check => check::run(&project, &progress),
        Command::Run(flags) => run::run(&project, &progress, flags),
        Command::Dev(flags) => dev::run(&project, &progress, flags),
        Command::New(flags) => new::run(&project, &progress, flags),
        Command::Remove(flags) => remove::run(&project, &progress, flags),
        Command::Test(flags) => test::run(&project, &progress, flags),
        Command::Bench(flags) => bench::run(&project, &progress, flags),
        Command::Fuzz(flags) => fuzz::run(&project, &progress, flags),
        Command::Matrix(flags) => matrix::run(&project, &progress, flags),
        Command::Ci => ci::run(&project, &progress),
        Command::Clean => clean::run(&project),
    }
}

/// Prints the error and its causes, outermost first. `{:?}` would add a backtrace with
/// `RUST_BACKTRACE=1`; here, users read the same with or without it.
fn report(error: &anyhow::Error) -> ExitCode {
    if error.is::<Interrupted>() {
        eprintln!("interrupted: the guests in target/guests are the last good ones");
        return ExitCode::from(130);
    }
    let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
    eprintln!("error: {}", causes.join(": "));
    ExitCode::FAILURE
}
