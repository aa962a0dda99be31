//! A child process from its start to its end: its lines as they come, its time limit, and Ctrl-C.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::ops::ControlFlow;
use std::process::{Child, Command, ExitStatus};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::support::interrupt::{self, Interrupted, ProcessGroup};

/// A line is passed on in pieces of at most this many bytes.
const LINE: u64 = 64 << 10;
/// The interval at which a silent process is checked.
const TICK: Duration = Duration::from_millis(100);
/// The time that a process has to end once it was asked to, and to have its last output read.
const GRACE: Duration = Duration::from_secs(5);

/// The limit that `--tool-timeout` sets.
static LIMIT: OnceLock<Duration> = OnceLock::new();

/// Limits the time of every process that [`follow`] starts from now on.
pub(crate) fn set_limit(limit: Duration) {
    LIMIT.get_or_init(|| limit);
}

/// The error of a process that exceeded its time limit. It was ended with every process that it had
/// started.
#[derive(Debug)]
pub(crate) struct TimedOut {
    program: String,
    limit: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = humantime::format_duration(self.limit);
        write!(
            f,
            "`{}` did not end within {limit}; `--tool-timeout TIME` gives it longer",
            self.program
        )
    }
}

impl std::error::Error for TimedOut {}

/// The two pipes from a process to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pipe {
    /// Text for the user.
    Log,
    /// Text for this program.
    Report,
}

/// Something that happens while a process runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event<'a> {
    /// A pipe, and a line from it, or a piece of a very long line.
    Line(Pipe, &'a [u8]),
    /// Some time has passed.
    Tick,
}

/// Lines as the threads send them that read the pipes.
type Lines = Receiver<(Pipe, Vec<u8>)>;

/// Runs a command to its end, and passes each event on. `pipes` are the reading ends of its output.
///
/// # Errors
///
/// If the command cannot be started; [`TimedOut`], or [`Interrupted`] after Ctrl-C.
pub(crate) fn follow(
    command: Command,
    pipes: Vec<(Pipe, PipeReader)>,
    mut observe: impl FnMut(Event<'_>),
) -> anyhow::Result<ExitStatus> {
    let running = Running::start(command, pipes)?;
    match running.follow(|event| {
        observe(event);
        ControlFlow::<Infallible>::Continue(())
    })? {
        ControlFlow::Continue(status) => Ok(status),
        ControlFlow::Break(never) => match never {},
    }
}

/// Runs a command like [`follow`], without a time limit. `observe` may break off: then the process
/// is ended, with every process that it has started.
pub(crate) fn follow_until<B>(
    command: Command,
    pipes: Vec<(Pipe, PipeReader)>,
    observe: impl FnMut(Event<'_>) -> ControlFlow<B>,
) -> anyhow::Result<ControlFlow<B, ExitStatus>> {
    let mut running = Running::start(command, pipes)?;
    running.deadline = None;
    running.follow(observe)
}

/// A process that was started and not yet waited for.
struct Running {
    program: String,
    child: Child,
    group: ProcessGroup,
    lines: Lines,
    limit: Duration,
    deadline: Option<Instant>,
    /// The time of the last line.
    silent_since: Instant,
    /// No process holds a pipe any more.
    is_closed: bool,
    is_interrupted: bool,
}

impl Running {
    /// Passes each event on until the process has ended, or `observe` breaks off.
    fn follow<B>(
        mut self,
        mut observe: impl FnMut(Event<'_>) -> ControlFlow<B>,
    ) -> anyhow::Result<ControlFlow<B, ExitStatus>> {
        loop {
            let event = self.receive();
            let flow = match &event {
                Some((pipe, line)) => observe(Event::Line(*pipe, line)),
                None => observe(Event::Tick),
            };
            if let ControlFlow::Break(value) = flow {
                self.end()?;
                return Ok(ControlFlow::Break(value));
            }
            if event.is_none()
                && let Some(status) = self.exit_status()?
            {
                interrupt::check()?;
                return Ok(ControlFlow::Continue(status));
            }
            self.enforce_deadline()?;
        }
    }

    /// Starts the command in a process group of its own.
    fn start(mut command: Command, pipes: Vec<(Pipe, PipeReader)>) -> anyhow::Result<Self> {
        interrupt::check()?;
        interrupt::lead_group(&mut command);
        let child = command.spawn().map_err(|e| cannot_start(&command, &e))?;
        let program = program_name(&command);
        // The command holds the writing ends of the pipes: while it lives, readers see no end.
        drop(command);
        let limit = LIMIT.get().copied().unwrap_or(Duration::MAX);
        let now = Instant::now();
        Ok(Running {
            program,
            group: ProcessGroup::new(child.id()),
            child,
            lines: read_lines(pipes),
            limit,
            deadline: now.checked_add(limit),
            silent_since: now,
            is_closed: false,
            is_interrupted: false,
        })
    }

    /// Waits at most a [`TICK`] for the next line.
    fn receive(&mut self) -> Option<(Pipe, Vec<u8>)> {
        match self.lines.recv_timeout(TICK) {
            Ok(line) => {
                self.silent_since = Instant::now();
                Some(line)
            }
            Err(error) => {
                self.is_closed = error == RecvTimeoutError::Disconnected;
                None
            }
        }
    }

    /// Returns the status of the process if it has ended and its output was read.
    ///
    /// A process that the tool has started may keep a pipe open. Once the tool itself has ended and
    /// nothing was printed for a while, that process no longer matters.
    fn exit_status(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        if !self.is_closed && self.silent_since.elapsed() < GRACE {
            return Ok(None);
        }
        let status = self.child.try_wait().context("cannot wait for a tool")?;
        if status.is_none() && self.is_closed {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(status)
    }

    /// Ends the process if its time is up. After Ctrl-C, only [`GRACE`] is left.
    fn enforce_deadline(&mut self) -> anyhow::Result<()> {
        if !self.is_interrupted && interrupt::check().is_err() {
            self.is_interrupted = true;
            self.deadline = Instant::now().checked_add(GRACE);
        }
        if self.deadline.is_none_or(|deadline| Instant::now() < deadline) {
            return Ok(());
        }
        self.end()?;
        if self.is_interrupted {
            return Err(Interrupted.into());
        }
        Err(TimedOut { program: self.program.clone(), limit: self.limit }.into())
    }

    /// Asks the process group to end, and kills what has not ended within [`GRACE`].
    fn end(&mut self) -> io::Result<()> {
        self.group.terminate();
        let start = Instant::now();
        // Every process of the group has ended once no process holds a pipe.
        while start.elapsed() < GRACE {
            if self.lines.recv_timeout(TICK) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
        }
        // The child was not waited for, so the system cannot have reused its identifier.
        self.group.kill();
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

/// Reads every pipe to its end, in a thread each. The channel holds few lines, so a process that
/// prints faster than its lines are handled has to wait.
fn read_lines(pipes: Vec<(Pipe, PipeReader)>) -> Lines {
    let (sender, receiver) = mpsc::sync_channel(16);
    for (pipe, reader) in pipes {
        let sender = sender.clone();
        thread::spawn(move || send_lines(pipe, reader, &sender));
    }
    receiver
}

fn send_lines(pipe: Pipe, reader: PipeReader, sender: &SyncSender<(Pipe, Vec<u8>)>) {
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        let length = reader.by_ref().take(LINE).read_until(b'\n', &mut line);
        if !length.is_ok_and(|length| length > 0) || sender.send((pipe, line)).is_err() {
            return;
        }
    }
}

pub(crate) fn program_name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Returns the error of a command that did not start. If the program is missing, it says how to
/// install it.
pub(crate) fn cannot_start(command: &Command, error: &io::Error) -> anyhow::Error {
    let program = program_name(command);
    if error.kind() == io::ErrorKind::NotFound {
        anyhow::anyhow!("`{program}` not found: run `cargo xtask setup`")
    } else {
        anyhow::anyhow!("cannot start `{program}`: {error}")
    }
}
