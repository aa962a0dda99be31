//! Runs tools. A tool's output is shown only if it fails, with the command that repeats it.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};

use anyhow::{Context, bail};
use xshell::{Cmd, Shell};

use crate::support::child::{self, Event, Pipe, TimedOut, program_name};
use crate::support::lock;
use crate::support::progress::{Step, print};

/// The error of a tool that was started and did not succeed.
#[derive(Debug)]
pub(crate) struct ToolFailed {
    step: String,
    cause: FailureCause,
    /// What the tool printed to either stream, in order. Empty if the user has already seen it.
    output: String,
    /// A shell command that changes to the right folder and runs the tool again.
    repeat: String,
}

#[derive(Debug)]
enum FailureCause {
    Status(ExitStatus),
    Timeout(TimedOut),
}

impl fmt::Display for ToolFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            FailureCause::Status(status) => writeln!(f, "{} failed ({status})", self.step)?,
            FailureCause::Timeout(timeout) => writeln!(f, "{} failed: {timeout}", self.step)?,
        }
        let output = self.output.trim_end();
        let newline = if output.is_empty() { "" } else { "\n" };
        write!(f, "{output}{newline}to repeat it: {}", self.repeat)
    }
}

impl std::error::Error for ToolFailed {}

/// Returns a shell whose commands run in `folder`.
pub(crate) fn shell(folder: &Path) -> anyhow::Result<Shell> {
    let sh = Shell::new().context("cannot read the current folder")?;
    sh.change_dir(folder);
    Ok(sh)
}

/// Runs a tool to its end.
///
/// # Errors
///
/// If the program is missing, if it fails or exceeds its time limit ([`ToolFailed`]), or if the
/// user presses Ctrl-C.
pub(crate) fn run(step: &Step<'_>, cmd: Cmd<'_>) -> anyhow::Result<()> {
    run_captured(step, cmd).map(drop)
}

/// Runs a tool like [`run`]. Returns what it printed, unless the user has already seen that.
pub(crate) fn run_captured(step: &Step<'_>, cmd: Cmd<'_>) -> anyhow::Result<String> {
    let line = cmd.to_string();
    let mut command = Command::from(cmd);
    let (log, writer) = io::pipe().context("cannot create a pipe")?;
    command.stdout(writer.try_clone()?).stderr(writer);
    finish(step, line, command, vec![(Pipe::Log, log)], |_| {})
}

/// Runs a tool like [`run`], for a tool that reports to this program on its standard output: that
/// output is not shown but passed to `observe`, with every other event. `report_args` are the
/// arguments that ask for the reports; the command that the user sees does not include them.
pub(crate) fn run_observed(
    step: &Step<'_>,
    cmd: Cmd<'_>,
    report_args: &[&str],
    observe: impl FnMut(Event<'_>),
) -> anyhow::Result<()> {
    let line = cmd.to_string();
    let mut command = Command::from(cmd.args(report_args));
    let (log, log_writer) = io::pipe().context("cannot create a pipe")?;
    let (report, report_writer) = io::pipe().context("cannot create a pipe")?;
    command.stdout(report_writer).stderr(log_writer);
    finish(step, line, command, vec![(Pipe::Log, log), (Pipe::Report, report)], observe).map(drop)
}

/// Runs a command to its end. Returns the part of its log that the user has not seen.
fn finish(
    step: &Step<'_>,
    line: String,
    mut command: Command,
    pipes: Vec<(Pipe, io::PipeReader)>,
    mut observe: impl FnMut(Event<'_>),
) -> anyhow::Result<String> {
    step.command(&line);
    command.stdin(lock::stdin());
    let folder = command.get_current_dir().map(ToOwned::to_owned);
    let mut unseen = Transcript::default();
    let result = child::follow(command, pipes, |event| {
        if let Event::Line(Pipe::Log, line) = event {
            let text = String::from_utf8_lossy(line);
            if !step.output(text.trim_end()) {
                unseen.add(text.as_bytes());
            }
        }
        observe(event);
    });
    let cause = match result {
        Ok(status) if status.success() => return Ok(unseen.text()),
        Ok(status) => FailureCause::Status(status),
        Err(error) => FailureCause::Timeout(error.downcast()?),
    };
    let change = folder.map(|folder| format!("cd {} && ", folder.display())).unwrap_or_default();
    let failure = ToolFailed {
        step: step.label().to_owned(),
        cause,
        output: unseen.text(),
        repeat: format!("{change}{line}"),
    };
    Err(failure.into())
}

/// Returns whether a tool exited by itself, with success or failure. If not, it was killed, or it
/// never started.
pub(crate) fn has_exited(run: &anyhow::Result<()>) -> bool {
    let Err(error) = run else { return true };
    match error.downcast_ref::<ToolFailed>() {
        Some(ToolFailed { cause: FailureCause::Status(status), .. }) => status.code().is_some(),
        _ => false,
    }
}

/// The limit on what [`output`] reads from each stream, in bytes.
const MAX_OUTPUT: usize = 16 << 20;

/// Runs a program and returns its status and both of its streams.
///
/// # Errors
///
/// If the program is missing, exceeds its time limit, or prints more than [`MAX_OUTPUT`].
pub(crate) fn output(mut command: Command) -> anyhow::Result<Output> {
    let program = program_name(&command);
    let (out, out_writer) = io::pipe()?;
    let (err, err_writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(out_writer).stderr(err_writer);
    let mut stdout = Vec::new();
    let mut stderr = Vec::new();
    let mut is_complete = true;
    let status = child::follow(command, vec![(Pipe::Report, out), (Pipe::Log, err)], |event| {
        let Event::Line(pipe, line) = event else { return };
        let stream = match pipe {
            Pipe::Report => &mut stdout,
            Pipe::Log => &mut stderr,
        };
        is_complete &= stream.len() + line.len() <= MAX_OUTPUT;
        if is_complete {
            stream.extend(line);
        }
    })?;
    if !is_complete {
        bail!("`{program}` printed more than {} MiB", MAX_OUTPUT >> 20);
    }
    Ok(Output { status, stdout, stderr })
}

/// Runs a program without a time limit, and prints what it prints. Ends it if `stop`, which is asked
/// again and again, returns a value. Otherwise returns its status, and the last line of its standard
/// output.
///
/// # Errors
///
/// If the program is missing, or the standard output cannot be written to.
pub(crate) fn show<B>(
    mut command: Command,
    mut stop: impl FnMut() -> Option<B>,
) -> anyhow::Result<ControlFlow<B, (ExitStatus, String)>> {
    let (out, out_writer) = io::pipe()?;
    let (err, err_writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(out_writer).stderr(err_writer);
    let mut last = String::new();
    let mut printed = Ok(());
    let pipes = vec![(Pipe::Report, out), (Pipe::Log, err)];
    let flow = child::follow_until(command, pipes, |event| {
        if let Event::Line(pipe, line) = event {
            let line = String::from_utf8_lossy(line);
            match pipe {
                Pipe::Log => eprint!("{line}"),
                Pipe::Report => {
                    printed = print(&line);
                    last = line.into_owned();
                }
            }
        }
        stop().map_or(ControlFlow::Continue(()), ControlFlow::Break)
    })?;
    printed?;
    Ok(match flow {
        ControlFlow::Continue(status) => ControlFlow::Continue((status, last)),
        ControlFlow::Break(value) => ControlFlow::Break(value),
    })
}

/// Runs a program and returns its standard output, without white space at the end.
///
/// # Errors
///
/// If [`output`] fails, or the program does.
pub(crate) fn read(command: Command) -> anyhow::Result<String> {
    let program = program_name(&command);
    let output = output(command)?;
    if !output.status.success() {
        bail!("`{program}` failed\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Returns whether this process runs as root.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
pub(crate) fn is_root() -> bool {
    false
}

/// The output of a tool. Of a very long output, only the start and the end.
#[derive(Default)]
struct Transcript {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    omitted: usize,
}

impl Transcript {
    const HEAD: usize = 256 << 10;
    const TAIL: usize = 64 << 10;

    fn add(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(Self::HEAD - self.head.len()));
        self.head.extend(head);
        self.tail.extend(rest);
        let surplus = self.tail.len().saturating_sub(Self::TAIL);
        self.tail.drain(..surplus);
        self.omitted += surplus;
    }

    fn text(mut self) -> String {
        let mut text = self.head;
        if self.omitted > 0 {
            let note = format!("\n… {} bytes left out; `-v` shows all …\n", self.omitted);
            text.extend(note.as_bytes());
        }
        text.extend(self.tail.make_contiguous().iter());
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_output_keeps_its_start_and_its_end() {
        let mut transcript = Transcript::default();
        transcript.add(b"first\n");
        for _ in 0..1000 {
            transcript.add(&[b'x'; 1000]);
        }
        transcript.add(b"\nlast");
        let kept = transcript.head.len() + transcript.tail.len();
        assert!(kept <= Transcript::HEAD + Transcript::TAIL);
        let omitted = 6 + 1_000_000 + 5 - Transcript::HEAD - Transcript::TAIL;
        let text = transcript.text();
        assert!(text.starts_with("first\nxxx") && text.ends_with("xxx\nlast"), "{text}");
        assert!(text.contains(&format!("x\n… {omitted} bytes left out")), "{text}");
    }
}
