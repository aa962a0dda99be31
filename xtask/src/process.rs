//! Runs a tool: its output shown in full when it fails, with the command that repeats it.

use std::fmt;
use std::io::{self, BufRead, BufReader, PipeReader};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context;
use xshell::Cmd;

use crate::interrupt::{self, Group};
use crate::progress::Step;

/// A tool ended with a status other than success.
#[derive(Debug)]
pub(crate) struct ToolFailed {
    pub(crate) step: String,
    pub(crate) status: ExitStatus,
    /// All that it printed, to either stream, in order; empty if it was already shown.
    pub(crate) output: String,
    /// For the shell: changes to the folder and runs the same again.
    pub(crate) repeat: String,
}

impl fmt::Display for ToolFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, status, repeat) = (&self.step, &self.status, &self.repeat);
        let output = self.output.trim_end();
        let newline = if output.is_empty() { "" } else { "\n" };
        write!(f, "{step} failed ({status})\n{output}{newline}to repeat it: {repeat}")
    }
}

impl std::error::Error for ToolFailed {}

/// Runs a command to its end.
///
/// # Errors
///
/// When the program is missing, ends with another status than 0, or the user presses Ctrl-C.
pub(crate) fn run(step: &Step<'_>, cmd: Cmd<'_>) -> anyhow::Result<()> {
    output(step, cmd).map(|_| ())
}

/// As [`run`], and returns what the command has printed, unless the user has seen it.
pub(crate) fn output(step: &Step<'_>, cmd: Cmd<'_>) -> anyhow::Result<String> {
    let line = cmd.to_string();
    let command = Command::from(cmd);
    run_command(step, command, &line)
}

fn run_command(step: &Step<'_>, mut command: Command, line: &str) -> anyhow::Result<String> {
    interrupt::check()?;
    step.command(line);
    let (reader, writer) = io::pipe().context("cannot create a pipe")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    interrupt::lead_group(&mut command);
    let mut child = command.spawn().map_err(|e| cannot_start(&command, &e))?;
    let group = Group::new(child.id());
    let folder = command.get_current_dir().map(ToOwned::to_owned);
    // The command holds the pipe's writing end: without this the reader would never see its end.
    drop(command);
    let output = read_lines(step, reader)?;
    let status = child.wait().context("cannot wait for a tool")?;
    drop(group);
    interrupt::check()?;
    if status.success() {
        return Ok(output);
    }
    let folder = folder.map(|dir| format!("cd {} && ", dir.display())).unwrap_or_default();
    let (step, repeat) = (step.label().to_owned(), format!("{folder}{line}"));
    Err(ToolFailed { step, status, output, repeat }.into())
}

fn read_lines(step: &Step<'_>, reader: PipeReader) -> anyhow::Result<String> {
    let mut reader = BufReader::new(reader);
    let mut output = String::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).context("cannot read a tool's output")? > 0 {
        let text = String::from_utf8_lossy(&line);
        if !step.output(text.trim_end()) {
            output.push_str(&text);
        }
        line.clear();
    }
    Ok(output)
}

/// A missing program, with the way out; never a bare "No such file or directory".
pub(crate) fn cannot_start(command: &Command, error: &io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        anyhow::anyhow!("`{program}` not found: run `cargo xtask setup`")
    } else {
        anyhow::anyhow!("cannot start `{program}`: {error}")
    }
}
