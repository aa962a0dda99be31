//! Ctrl-C: the running tools are ended, files stay whole, and the user reads a sentence.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// The process groups that [`Group`]s stand for.
static GROUPS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// From now on the first Ctrl-C ends the running tools in order, and a second one ends this program.
pub(crate) fn listen() {
    let result = ctrlc::set_handler(|| {
        let groups = GROUPS.lock().unwrap_or_else(|e| e.into_inner());
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            groups.iter().for_each(|&id| signal(id, End::AtOnce));
            #[allow(clippy::exit, reason = "the user asked twice")]
            std::process::exit(130);
        }
        groups.iter().for_each(|&id| signal(id, End::InOrder));
    });
    // Without the handler Ctrl-C ends this program at once, which is safe too.
    drop(result);
}

/// # Errors
///
/// [`Interrupted`], once the user has pressed Ctrl-C.
pub(crate) fn check() -> Result<(), Interrupted> {
    if INTERRUPTED.load(Ordering::SeqCst) { Err(Interrupted) } else { Ok(()) }
}

/// A running tool with all that it starts, which Ctrl-C ends. Dropped when the tool has ended.
pub(crate) struct Group(u32);

impl Group {
    pub(crate) fn new(id: u32) -> Self {
        GROUPS.lock().unwrap_or_else(|e| e.into_inner()).insert(id);
        let group = Group(id);
        if check().is_err() {
            group.terminate();
        }
        group
    }

    /// Asks all of it to end.
    pub(crate) fn terminate(&self) {
        signal(self.0, End::InOrder);
    }

    /// Ends all of it. To be called only while the tool, ended or not, has not been waited for.
    pub(crate) fn kill(&self) {
        signal(self.0, End::AtOnce);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        GROUPS.lock().unwrap_or_else(|e| e.into_inner()).remove(&self.0);
    }
}

/// Makes the command the leader of a group of its own, so that ending the group ends what it starts.
#[cfg(unix)]
pub(crate) fn lead_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// How processes are told to end.
#[derive(Clone, Copy)]
enum End {
    InOrder,
    AtOnce,
}

#[cfg(unix)]
fn signal(group: u32, end: End) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(pid) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        let signal = match end {
            End::InOrder => Signal::TERM,
            End::AtOnce => Signal::KILL,
        };
        // It may have ended by itself in this moment.
        let _ = kill_process_group(pid, signal);
    }
}

/// Windows sends Ctrl-C to every program of the console by itself.
#[cfg(not(unix))]
pub(crate) fn lead_group(_command: &mut Command) {}

#[cfg(not(unix))]
fn signal(_group: u32, _end: End) {}
