//! Commands that tests run, and what they expect of their output.

use std::process::{Command, Output};

use libtest_mimic::Failed;

/// The arguments of `cargo xtask` that build the guests.
pub(crate) const GUESTS: [&str; 3] = ["build-all", "--guests-only", "--no-setup"];

/// Returns what a command has printed, to both streams.
pub(crate) fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

/// Runs a command that must succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<String, Failed> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(text(&output)),
        false => Err(format!("{} in\n{}", output.status, text(&output)).into()),
    }
}

/// Fails unless a text contains what is wanted.
pub(crate) fn expect(text: &str, wanted: &str) -> Result<(), Failed> {
    if text.contains(wanted) { Ok(()) } else { Err(format!("no `{wanted}` in\n{text}").into()) }
}

/// Fails if a text contains what is not wanted.
pub(crate) fn expect_not(text: &str, unwanted: &str) -> Result<(), Failed> {
    if text.contains(unwanted) { Err(format!("`{unwanted}` in\n{text}").into()) } else { Ok(()) }
}
