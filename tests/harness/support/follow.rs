//! Processes whose output is read while they run.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// The time after which what is awaited will not come.
const LIMIT: Duration = Duration::from_secs(180);

/// A running process. It ends with the test.
pub(crate) struct Followed {
    process: Child,
    /// The standard output.
    pub(crate) output: Stream,
    /// The standard error.
    pub(crate) messages: Stream,
}

impl Followed {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failed> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let output = Stream::of(process.stdout.take().ok_or("no standard output")?);
        let messages = Stream::of(process.stderr.take().ok_or("no standard error")?);
        Ok(Followed { process, output, messages })
    }

    /// Sends the process a signal, and returns its exit status once it and everything that it has
    /// started have ended: all of them have its standard output.
    #[cfg(unix)]
    pub(crate) fn end(mut self, signal: rustix::process::Signal) -> Result<Option<i32>, Failed> {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.process), signal)?;
        self.output.end()?;
        self.messages.end()?;
        Ok(self.process.wait()?.code())
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        // A request to end, which also ends what the process has started.
        #[cfg(unix)]
        if matches!(self.process.try_wait(), Ok(None)) {
            use rustix::process::{Pid, Signal, kill_process};
            let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
            let _ = self.messages.end();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a process prints.
pub(crate) struct Stream {
    pieces: Receiver<Vec<u8>>,
    /// What was printed and not yet awaited.
    rest: String,
}

impl Stream {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let (sender, pieces) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Stream { pieces, rest: String::new() }
    }

    /// Waits until this text was printed, after the text that was awaited before. Returns what was
    /// printed between the two.
    pub(crate) fn wait_for(&mut self, text: &str) -> Result<String, Failed> {
        let start = Instant::now();
        loop {
            if let Some(at) = self.rest.find(text) {
                let rest = self.rest.split_off(at + text.len());
                let mut before = std::mem::replace(&mut self.rest, rest);
                before.truncate(at);
                return Ok(before);
            }
            match self.pieces.recv_timeout(LIMIT.saturating_sub(start.elapsed())) {
                Ok(piece) => self.rest += &String::from_utf8_lossy(&piece),
                Err(error) => {
                    return Err(format!("no `{text}` ({error}) in\n{}", self.rest).into());
                }
            }
        }
    }

    /// Waits until no process can print any more.
    fn end(&mut self) -> Result<(), Failed> {
        let start = Instant::now();
        loop {
            match self.pieces.recv_timeout(LIMIT.saturating_sub(start.elapsed())) {
                Ok(piece) => self.rest += &String::from_utf8_lossy(&piece),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => return Err("a process still runs".into()),
            }
        }
    }
}
