//! A process that can be ended with every process that it has started.

use std::io;
use std::process::{self, Command, ExitStatus};

/// A running process. It ends when this is dropped.
pub(crate) struct Child(process::Child);

impl Child {
    /// Starts a command, as the leader of a group of processes.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        lead_group(command);
        command.spawn().map(Child)
    }

    /// Returns the status of the process if it has ended.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Ends the process and those that it has started, if it still runs.
    pub(crate) fn end(&mut self) {
        // Once the process was waited for, the system may give its identifier to another.
        if matches!(self.0.try_wait(), Ok(None)) {
            kill_group(&self.0);
            // It may just have ended by itself.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(unix)]
fn lead_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
fn kill_group(child: &process::Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // The group may just have ended by itself.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

/// Does nothing: Windows has no such groups. It sends Ctrl-C to every program of the console.
#[cfg(not(unix))]
fn lead_group(_command: &mut Command) {}

#[cfg(not(unix))]
fn kill_group(_child: &process::Child) {}
