//! Runs the tools that do the work, and prints messages.

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Output};

use anyhow::Context;

/// Runs a tool with the streams of this process, and returns its status.
///
/// # Errors
///
/// If it cannot be started.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<ExitCode> {
    let status = command.status().with_context(|| cannot_run(command.get_program().as_ref()))?;
    Ok(exit_code(status))
}

/// Runs a tool, and returns its output and its status.
///
/// # Errors
///
/// If it cannot be started.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<Output> {
    command.output().with_context(|| cannot_run(command.get_program().as_ref()))
}

fn cannot_run(program: &Path) -> String {
    format!("cannot run `{}`", program.display())
}

/// Returns the status of a tool. A tool that a signal ended has failed.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Prints a message for the user, unless it is empty. A failure to print is not worth an error.
pub(crate) fn complain(message: &str) {
    if message.is_empty() {
        return;
    }
    #[expect(clippy::print_stderr, reason = "these programs are command lines")]
    {
        eprintln!("{message}");
    }
}
