//! Watches files and folders that may be replaced, disappear and come back.
//!
//! The system reports that something has happened in a folder. What has changed is then found by
//! looking: the size and the times of each file are compared with those that were seen before. So
//! it does not matter how a program writes its files, and reports that are lost or too many do no
//! harm. Where the system reports nothing, as on some network drives, a look every second finds
//! the changes.
//!
//! ```no_run
//! use std::time::Duration;
//! use watch::{Target, Watch};
//!
//! let mut watch = Watch::new(vec![Target::File("toolbox.wasm".into())]);
//! loop {
//!     if let Some(change) = watch.wait(Duration::from_secs(60)) {
//!         println!("{} changed", change.names());
//!     }
//! }
//! ```

#![forbid(unsafe_code)]

mod change;
mod folders;
mod snapshot;
mod target;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

pub use change::{Change, seconds};
use snapshot::Snapshot;
pub use target::Target;

/// The time after which files that do not change any more count as written.
const QUIET: Duration = Duration::from_millis(30);
/// The time after which files count as written although they still change.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time after which a look is due although the system has reported nothing.
const LOOK: Duration = Duration::from_secs(1);

/// Files and folders that are watched.
pub struct Watch {
    targets: Vec<Target>,
    seen: Snapshot,
    /// The folders of which the system reports what happens in them.
    folders: BTreeSet<PathBuf>,
    /// Reports until it is dropped. It is missing if the system cannot report.
    reporter: Option<RecommendedWatcher>,
    sender: SyncSender<()>,
    reports: Receiver<()>,
    next_look: Instant,
}

/// Ends a [`Watch::wait`] of another thread.
#[derive(Debug, Clone)]
pub struct Waker(SyncSender<()>);

impl Waker {
    /// Lets the current or the next [`Watch::wait`] return.
    pub fn wake(&self) {
        // If the channel is full, the other thread wakes anyway.
        let _ = self.0.try_send(());
    }
}

impl Watch {
    /// Watches the targets from now on.
    pub fn new(targets: Vec<Target>) -> Self {
        // A report says only that it is time to look, so one that waits stands for all.
        let (sender, reports) = mpsc::sync_channel(1);
        let mut watch = Watch {
            targets,
            seen: Snapshot::default(),
            folders: BTreeSet::new(),
            reporter: None,
            sender,
            reports,
            next_look: Instant::now(),
        };
        watch.subscribe();
        watch.seen = Snapshot::take(&watch.targets);
        watch
    }

    /// Watches other targets. A change of a file that stays among them is still reported, even if
    /// it happened before this call.
    pub fn retarget(&mut self, targets: Vec<Target>) {
        if targets == self.targets {
            return;
        }
        self.targets = targets;
        self.subscribe();
        self.seen.adopt(Snapshot::take(&self.targets));
    }

    /// Returns a handle that ends [`Watch::wait`] in another thread.
    pub fn waker(&self) -> Waker {
        Waker(self.sender.clone())
    }

    /// Waits for a change, at most for the time `limit`. Returns `None` if there was none; it may
    /// do so early.
    ///
    /// Files that are being written are given the time to be completed.
    pub fn wait(&mut self, limit: Duration) -> Option<Change> {
        let until_look = self.next_look.saturating_duration_since(Instant::now());
        let has_report = self.reports.recv_timeout(limit.min(until_look)).is_ok();
        if has_report || self.next_look <= Instant::now() { self.look() } else { None }
    }

    /// Compares the files with what was seen before.
    fn look(&mut self) -> Option<Change> {
        let noticed = Instant::now();
        self.next_look = noticed + LOOK;
        let now = Snapshot::take(&self.targets);
        if now == self.seen {
            if folders::of(&self.targets) != self.folders {
                self.subscribe();
            }
            return None;
        }
        let settled = self.settle(now);
        let paths = self.seen.differences(&settled);
        self.seen = settled;
        // A folder may be another one at the same path.
        self.subscribe();
        (!paths.is_empty()).then_some(Change { paths, noticed })
    }

    /// Waits until the files have been written.
    fn settle(&self, mut last: Snapshot) -> Snapshot {
        let start = Instant::now();
        loop {
            thread::sleep(QUIET);
            let now = Snapshot::take(&self.targets);
            if now == last || start.elapsed() > PATIENCE {
                return now;
            }
            last = now;
        }
    }

    /// Asks the system to report what happens in the folders, as they are now. What has happened
    /// before that is found by a look, which is then due.
    fn subscribe(&mut self) {
        self.folders = folders::of(&self.targets);
        let waker = self.waker();
        let reporter = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if may_be_change(&event) {
                waker.wake();
            }
        });
        self.reporter = reporter.ok().map(|mut reporter| {
            for folder in &self.folders {
                // If a folder cannot be watched, changes in it are found by looking.
                let _ = reporter.watch(folder, RecursiveMode::NonRecursive);
            }
            reporter
        });
        self.next_look = Instant::now();
    }
}

/// Returns whether something may have changed. Systems also report that files are opened, as this
/// program does when it looks.
fn may_be_change(event: &notify::Result<Event>) -> bool {
    !matches!(event, Ok(Event { kind: EventKind::Access(_), .. }))
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("targets", &self.targets).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
