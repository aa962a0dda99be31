//! Runs a tool: its output shown when it fails, with the command that repeats it. A tool that does not end is ended.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use xshell::Cmd;

use crate::support::interrupt::{self, Group, Interrupted};
use crate::support::lock;
use crate::support::progress::Step;

/// A tool ended with a status other than success, or was ended.
#[derive(Debug)]
pub(crate) struct ToolFailed {
    pub(crate) step: String,
    pub(crate) end: End,
    /// What it printed, to either stream, in order; empty if it was already shown.
    pub(crate) output: String,
    /// For the shell: changes to the folder and runs the same again.
    pub(crate) repeat: String,
}

/// How a tool ended that did not succeed.
#[derive(Debug)]
pub(crate) enum End {
    Status(ExitStatus),
    Timeout(TimedOut),
}

/// A tool did not end in time, and was ended with all that it had started.
#[derive(Debug)]
pub(crate) struct TimedOut {
    pub(crate) program: String,
    pub(crate) limit: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (program, limit) = (&self.program, humantime::format_duration(self.limit));
        write!(f, "`{program}` did not end within {limit}; `--tool-timeout TIME` gives it longer")
    }
}

impl std::error::Error for TimedOut {}

impl fmt::Display for ToolFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, repeat) = (&self.step, &self.repeat);
        match &self.end {
            End::Status(status) => writeln!(f, "{step} failed ({status})")?,
            End::Timeout(timeout) => writeln!(f, "{step} failed: {timeout}")?,
        }
        let output = self.output.trim_end();
        let newline = if output.is_empty() { "" } else { "\n" };
        write!(f, "{output}{newline}to repeat it: {repeat}")
    }
}

impl std::error::Error for ToolFailed {}

/// What `--tool-timeout` says.
static LIMIT: OnceLock<Duration> = OnceLock::new();

/// Bounds the time of each tool from now on.
pub(crate) fn set_limit(limit: Duration) {
    LIMIT.get_or_init(|| limit);
}

/// Runs a command to its end.
///
/// # Errors
///
/// When the program is missing, ends with another status than 0 or not at all, or the user presses Ctrl-C.
pub(crate) fn run(step: &Step<'_>, cmd: Cmd<'_>) -> anyhow::Result<()> {
    printed(step, cmd).map(drop)
}

/// As [`run`], and returns what the command has printed, unless the user has seen it.
pub(crate) fn printed(step: &Step<'_>, cmd: Cmd<'_>) -> anyhow::Result<String> {
    let line = cmd.to_string();
    let mut command = Command::from(cmd);
    let (reader, writer) = io::pipe().context("cannot create a pipe")?;
    command.stdout(writer.try_clone()?).stderr(writer);
    finish(step, line, command, [reader], |_| {})
}

/// As [`run`], for a command that reports to this program: its standard output is not shown but
/// goes to `observe`, line by line, with everything else that happens. The further arguments ask
/// for those reports; the user is not told of them.
pub(crate) fn observed(
    step: &Step<'_>,
    cmd: Cmd<'_>,
    further: &[&str],
    observe: impl FnMut(Event<'_>),
) -> anyhow::Result<()> {
    let line = cmd.to_string();
    let mut command = Command::from(cmd.args(further));
    let (log_reader, log) = io::pipe().context("cannot create a pipe")?;
    let (report_reader, report) = io::pipe().context("cannot create a pipe")?;
    command.stdout(report).stderr(log);
    finish(step, line, command, [log_reader, report_reader], observe).map(drop)
}

/// Runs a command whose first pipe is for the user, and returns what the user has not seen of it.
fn finish<const N: usize>(
    step: &Step<'_>,
    line: String,
    mut command: Command,
    pipes: [PipeReader; N],
    mut observe: impl FnMut(Event<'_>),
) -> anyhow::Result<String> {
    step.command(&line);
    command.stdin(lock::stdin());
    let folder = command.get_current_dir().map(ToOwned::to_owned);
    let mut kept = Kept::default();
    let ended = follow(command, pipes, |event| {
        if let Event::Line(Event::LOG, line) = event {
            let text = String::from_utf8_lossy(line);
            if !step.output(text.trim_end()) {
                kept.add(text.as_bytes());
            }
        }
        observe(event);
    });
    let end = match ended {
        Ok(status) if status.success() => return Ok(kept.text()),
        Ok(status) => End::Status(status),
        Err(error) => End::Timeout(error.downcast()?),
    };
    let folder = folder.map(|dir| format!("cd {} && ", dir.display())).unwrap_or_default();
    let (step, repeat) = (step.label().to_owned(), format!("{folder}{line}"));
    Err(ToolFailed { step, end, output: kept.text(), repeat }.into())
}

/// Whether a tool has ended, well or not, and nobody has ended it.
pub(crate) fn ended_by_itself(run: &anyhow::Result<()>) -> bool {
    let Err(error) = run else { return true };
    let failed = error.downcast_ref::<ToolFailed>();
    failed
        .is_some_and(|failed| matches!(failed.end, End::Status(status) if status.code().is_some()))
}

/// Bytes that a program may answer with.
const ANSWER: usize = 16 << 20;

/// Runs a program that answers something, and returns how it ended and what it printed.
///
/// # Errors
///
/// When the program is missing, does not end, or prints without end.
pub(crate) fn output(mut command: Command) -> anyhow::Result<Output> {
    let program = name(&command);
    let ((out_reader, out), (err_reader, err)) = (io::pipe()?, io::pipe()?);
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let mut streams = [Vec::new(), Vec::new()];
    let mut is_complete = true;
    let status = follow(command, [out_reader, err_reader], |event| {
        let Event::Line(stream, line) = event else { return };
        is_complete &= streams[stream].len() + line.len() <= ANSWER;
        if is_complete {
            streams[stream].extend(line);
        }
    })?;
    if !is_complete {
        bail!("`{program}` printed more than {} MiB", ANSWER >> 20);
    }
    let [stdout, stderr] = streams;
    Ok(Output { status, stdout, stderr })
}

/// What a program prints, without the line's end.
///
/// # Errors
///
/// As [`output`], or when the program fails.
pub(crate) fn ask(command: Command) -> anyhow::Result<String> {
    let program = name(&command);
    let output = output(command)?;
    if !output.status.success() {
        bail!("`{program}` failed\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Longer lines are taken in pieces.
const LINE: u64 = 64 << 10;
/// How often it is looked whether a tool that prints nothing has ended.
const TICK: Duration = Duration::from_millis(100);
/// What a tool that is told to end has for that, and its last words to be read.
const GRACE: Duration = Duration::from_secs(5);

/// Something that happens while a command runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event<'a> {
    /// The number of the pipe, and a line from it.
    Line(usize, &'a [u8]),
    /// Time has passed.
    Tick,
}

impl Event<'_> {
    /// The pipe that is for the user.
    pub(crate) const LOG: usize = 0;
    /// The pipe that is for this program.
    pub(crate) const REPORT: usize = 1;
}

/// Runs a command until it has ended, and hands on what happens meanwhile.
fn follow<const N: usize>(
    mut command: Command,
    pipes: [PipeReader; N],
    mut take: impl FnMut(Event<'_>),
) -> anyhow::Result<ExitStatus> {
    interrupt::check()?;
    let program = name(&command);
    interrupt::lead_group(&mut command);
    let mut child = command.spawn().map_err(|e| cannot_start(&command, &e))?;
    let group = Group::new(child.id());
    // The command holds the pipes' writing ends: without this the readers would never see an end.
    drop(command);
    let limit = LIMIT.get().copied().unwrap_or(Duration::MAX);
    let mut deadline = Instant::now().checked_add(limit);
    let lines = read_lines(pipes);
    let mut is_interrupted = false;
    let mut silent_since = Instant::now();
    loop {
        take(Event::Tick);
        match lines.recv_timeout(TICK) {
            Ok((pipe, line)) => {
                take(Event::Line(pipe, &line));
                silent_since = Instant::now();
            }
            Err(RecvTimeoutError::Timeout) if silent_since.elapsed() < GRACE => {}
            // Or else what it has started holds a pipe: if the tool itself has ended, that is no part of it any more.
            Err(silence) => {
                if let Some(status) = child.try_wait().context("cannot wait for a tool")? {
                    interrupt::check()?;
                    return Ok(status);
                }
                if silence == RecvTimeoutError::Disconnected {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        if !is_interrupted && interrupt::check().is_err() {
            is_interrupted = true;
            deadline = Instant::now().checked_add(GRACE);
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            end(&mut child, &group, &lines)?;
            return Err(match is_interrupted {
                true => Interrupted.into(),
                false => TimedOut { program, limit }.into(),
            });
        }
    }
}

/// Ends a tool with all that it has started: first it is asked to.
fn end(child: &mut Child, group: &Group, lines: &Receiver<(usize, Vec<u8>)>) -> io::Result<()> {
    group.terminate();
    let start = Instant::now();
    // All of the group have ended when nobody holds a pipe.
    while start.elapsed() < GRACE {
        if lines.recv_timeout(TICK) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
    }
    // Nobody has waited for the child, so its number is no other's yet.
    group.kill();
    child.kill()?;
    child.wait().map(drop)
}

/// Reads from all pipes until they are closed. Few lines are held, so that a tool which prints faster than it is
/// read has to wait.
fn read_lines<const N: usize>(pipes: [PipeReader; N]) -> Receiver<(usize, Vec<u8>)> {
    let (sender, receiver) = mpsc::sync_channel(16);
    for (number, pipe) in pipes.into_iter().enumerate() {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            loop {
                let mut line = Vec::new();
                let read = pipe.by_ref().take(LINE).read_until(b'\n', &mut line);
                if !read.is_ok_and(|length| length > 0) || sender.send((number, line)).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}

/// What a tool has printed; of very much only the beginning and the end.
#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: usize,
}

impl Kept {
    const HEAD: usize = 256 << 10;
    const TAIL: usize = 64 << 10;

    fn add(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(Self::HEAD - self.head.len()));
        self.head.extend(head);
        self.tail.extend(rest);
        let surplus = self.tail.len().saturating_sub(Self::TAIL);
        self.tail.drain(..surplus);
        self.left_out += surplus;
    }

    fn text(mut self) -> String {
        let mut text = self.head;
        if self.left_out > 0 {
            let left_out = format!("\n… {} bytes left out; `-v` shows all …\n", self.left_out);
            text.extend(left_out.as_bytes());
        }
        text.extend(self.tail.make_contiguous().iter());
        String::from_utf8_lossy(&text).into_owned()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_much_output_the_beginning_and_the_end_are_kept() {
        let mut kept = Kept::default();
        kept.add(b"first\n");
        for _ in 0..1000 {
            kept.add(&[b'x'; 1000]);
        }
        kept.add(b"\nlast");
        assert!(kept.head.len() + kept.tail.len() <= Kept::HEAD + Kept::TAIL);
        let left_out = 6 + 1_000_000 + 5 - Kept::HEAD - Kept::TAIL;
        let text = kept.text();
        assert!(text.starts_with("first\nxxx") && text.ends_with("xxx\nlast"), "{text}");
        assert!(text.contains(&format!("x\n… {left_out} bytes left out")), "{text}");
    }
}
