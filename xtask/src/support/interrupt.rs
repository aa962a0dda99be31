//! Ctrl-C: ends the running tools, keeps files whole, and makes every step return [`Interrupted`].

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

/// The error with which every step ends after Ctrl-C.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The identifiers of the process groups of running tools.
static GROUPS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn groups() -> MutexGuard<'static, BTreeSet<u32>> {
    GROUPS.lock().unwrap_or_else(|e| e.into_inner())
}

/// Installs the handler of Ctrl-C: the first one asks the running tools to end, a second one kills
/// them and ends this program.
pub(crate) fn listen() {
    let result = ctrlc::set_handler(|| {
        let groups = groups();
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            groups.iter().for_each(|&id| signal(id, Ending::Kill));
            #[allow(clippy::exit, reason = "the user asked twice")]
            std::process::exit(130);
        }
        groups.iter().for_each(|&id| signal(id, Ending::Terminate));
    });
    // Without the handler, Ctrl-C ends this program at once. That is safe too.
    drop(result);
}

/// Returns an error once the user has pressed Ctrl-C.
pub(crate) fn check() -> Result<(), Interrupted> {
    if INTERRUPTED.load(Ordering::SeqCst) { Err(Interrupted) } else { Ok(()) }
}

/// The process group of a running tool: the tool and every process that it starts.
///
/// Ctrl-C ends the group. Drop it when the tool has ended.
pub(crate) struct ProcessGroup(u32);

impl ProcessGroup {
    /// Registers the group that the process `id` leads. Asks it to end if Ctrl-C came first.
    pub(crate) fn new(id: u32) -> Self {
        groups().insert(id);
        let group = ProcessGroup(id);
        if check().is_err() {
            group.terminate();
        }
        group
    }

    /// Asks every process of the group to end.
    pub(crate) fn terminate(&self) {
        signal(self.0, Ending::Terminate);
    }

    /// Kills every process of the group.
    ///
    /// Call it only before the tool was waited for. After that, the system may give its identifier
    /// to another process.
    pub(crate) fn kill(&self) {
        signal(self.0, Ending::Kill);
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        groups().remove(&self.0);
    }
}

/// Makes the command the leader of a new process group, which includes every process it starts.
#[cfg(unix)]
pub(crate) fn lead_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// The two ways to end a process.
#[derive(Clone, Copy)]
enum Ending {
    Terminate,
    Kill,
}

#[cfg(unix)]
fn signal(group: u32, ending: Ending) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let Some(id) = i32::try_from(group).ok().and_then(Pid::from_raw) else { return };
    let signal = match ending {
        Ending::Terminate => Signal::TERM,
        Ending::Kill => Signal::KILL,
    };
    // The group may have just ended by itself.
    let _ = kill_process_group(id, signal);
}

/// Does nothing: Windows itself sends Ctrl-C to every program of the console.
#[cfg(not(unix))]
pub(crate) fn lead_group(_command: &mut Command) {}

#[cfg(not(unix))]
fn signal(_group: u32, _ending: Ending) {}
