//! `host run --watch`: runs a program again whenever one of its files changes.
//!
//! Each run is a process of its own, of the same command without `--watch`. So nothing that a guest
//! does ends the watch, and a run can be ended at any time.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
#[cfg(unix)]
use std::{future::poll_fn, pin::pin, task::Poll};

use anyhow::Context;
use host::Error;
use linker::InputModule;
use watch::{Change, Target, Waker, Watch, seconds};

use super::child::Child;
use super::console::complain;
use super::flags::RunFlags;
use super::serve;

/// The option that this module implements.
const WATCH: &str = "--watch";

/// The exit status of a program that the user has interrupted.
const INTERRUPTED: i32 = 130;

/// The time for which a wait lasts if nothing happens.
const LONG: Duration = Duration::from_secs(60);

/// Runs the program now and after each change, until the user interrupts.
///
/// # Errors
///
/// The exit status after an interruption, and a message if the watch cannot start.
pub(crate) fn run(flags: &RunFlags) -> anyhow::Result<()> {
    let command = Rerun::of(flags)?;
    let files = Files::of(flags);
    let watch = Watch::new(files.targets());
    let interrupted = listen(watch.waker());
    let mut session = Session { flags, command, files, watch, interrupted };
    complain(&session.files.announcement());
    let mut change = None;
    loop {
        change = Some(session.round(change)?);
    }
}

/// Sets the flag and wakes the watch when the user or the system asks this program to end.
fn listen(waker: Waker) -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    thread::spawn(move || {
        // Without it, an interruption ends this program at once, and the guest when it prints.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(end());
            flag.store(true, Ordering::SeqCst);
            waker.wake();
        }
    });
    interrupted
}

/// Waits until the user or the system asks this program to end, or the terminal is closed.
async fn end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut hangup) = signal(SignalKind::hangup()) {
            let mut end = pin!(serve::end());
            poll_fn(|context| match end.as_mut().poll(context) {
                Poll::Pending => hangup.poll_recv(context).map(drop),
                Poll::Ready(()) => Poll::Ready(()),
            })
            .await;
            return;
        }
    }
    serve::end().await;
}

struct Session<'f> {
    flags: &'f RunFlags,
    command: Rerun,
    files: Files,
    watch: Watch,
    interrupted: Arc<AtomicBool>,
}

impl Session<'_> {
    /// Runs the program after a change, or for the first time, and waits for the next change.
    fn round(&mut self, change: Option<Change>) -> anyhow::Result<Change> {
        if let Some(missing) = self.files.missing() {
            complain(&format!("waiting for {missing}, which is missing"));
            return self.next_change();
        }
        // The folder may be another one at the same path.
        let _ = env::set_current_dir(&self.command.folder);
        let start = change.as_ref().map_or_else(Instant::now, |change| change.noticed);
        let what = change.map(|change| format!("{} changed: ", change.names()));
        let what = what.unwrap_or_default();
        let mut child = match self.command.start() {
            Ok(child) => child,
            Err(error) => {
                complain(&format!("{what}error: {error:#}"));
                return self.next_change();
            }
        };
        self.update_files();
        match self.follow(&mut child)? {
            End::Exit(status) => {
                complain(&format!("{what}{}", outcome(status, start.elapsed())));
                self.next_change()
            }
            End::Change(change) => {
                complain(&format!("{} changed while the guest ran, and ended it", change.names()));
                Ok(change)
            }
        }
    }

    /// Watches the files that the program consists of now.
    fn update_files(&mut self) {
        let files = Files::of(self.flags);
        self.watch.retarget(files.targets());
        if files.count() != self.files.count() {
            complain(&files.announcement());
        }
        self.files = files;
    }

    /// Waits until a run ends by itself or a file changes, which ends the run.
    fn follow(&mut self, child: &mut Child) -> anyhow::Result<End> {
        let start = Instant::now();
        loop {
            self.check_interrupt()?;
            if let Some(status) = child.try_wait()? {
                return Ok(End::Exit(status));
            }
            if let Some(change) = self.watch.wait(tick(start.elapsed())) {
                child.end();
                return Ok(End::Change(change));
            }
        }
    }

    fn next_change(&mut self) -> anyhow::Result<Change> {
        loop {
            self.check_interrupt()?;
            if let Some(change) = self.watch.wait(LONG) {
                return Ok(change);
            }
        }
    }

    fn check_interrupt(&self) -> Result<(), Error> {
        match self.interrupted.load(Ordering::SeqCst) {
            true => Err(Error::Exit(INTERRUPTED)),
            false => Ok(()),
        }
    }
}

/// The end of a run.
enum End {
    Exit(ExitStatus),
    Change(Change),
}

/// Returns the time until a run that has taken `elapsed` is looked at again: short enough that its
/// time is measured well, long enough that it is not slowed down.
fn tick(elapsed: Duration) -> Duration {
    (elapsed / 20).clamp(Duration::from_millis(1), Duration::from_millis(50))
}

/// Describes how a run has ended.
fn outcome(status: ExitStatus, time: Duration) -> String {
    let time = seconds(time);
    match status.code() {
        Some(0) => format!("ran in {time}"),
        Some(code) => format!("exit status {code} after {time}"),
        None => format!("{status} after {time}"),
    }
}

/// This command without `--watch`.
struct Rerun {
    program: PathBuf,
    args: Vec<OsString>,
    folder: PathBuf,
}

impl Rerun {
    fn of(flags: &RunFlags) -> anyhow::Result<Self> {
        let mut args = super::args().split_off(1);
        // What follows the module belongs to the guest.
        let ours = args.len().saturating_sub(flags.args().len());
        let is_watch = |arg: &OsString| arg == WATCH;
        if let Some(position) = args[..ours].iter().position(is_watch) {
            args.remove(position);
        }
        Ok(Rerun {
            program: env::current_exe().context("cannot find the path of this program")?,
            args,
            folder: env::current_dir().context("cannot find the current folder")?,
        })
    }

    /// Starts a run. It reads no input: that would be there for the first run only.
    fn start(&self) -> anyhow::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.folder).stdin(Stdio::null());
        Child::start(&mut command).context("cannot run the program")
    }
}

/// The files of a program, with absolute paths: the folder of this process may be replaced.
struct Files {
    /// The files that the user has named.
    given: BTreeSet<PathBuf>,
    /// The libraries that were found.
    found: BTreeSet<PathBuf>,
    /// The paths at which libraries are looked for.
    looked_for: BTreeSet<PathBuf>,
    /// The folders from which the program opens libraries while it runs.
    folders: BTreeSet<PathBuf>,
}

impl Files {
    /// Finds the files. Those that cannot be read yet may have more libraries later.
    fn of(flags: &RunFlags) -> Self {
        let link = &flags.link;
        let named = link.preload.iter().chain(&link.replace).map(|(_, file)| file.as_path());
        let named = named.chain(link.link.iter().map(PathBuf::as_path));
        let given: BTreeSet<_> = named.chain([Path::new(flags.module())]).map(absolute).collect();
        let (found, looked_for, folders) = Default::default();
        let mut files = Files { given, found, looked_for, folders };
        if let Ok(search) = link.search() {
            files.find_libraries(flags, &search);
        }
        files
    }

    /// Finds the libraries that the given modules need, and those that these need.
    fn find_libraries(&mut self, flags: &RunFlags, search: &host::Search) {
        let read = |file: &PathBuf| flags.link.input.read(file).ok();
        let mut modules: Vec<InputModule> = self.given.iter().filter_map(read).collect();
        while let Some(module) = modules.pop() {
            if opens_libraries(&module) {
                self.folders.extend(flags.link.folders.iter().map(|folder| absolute(folder)));
            }
            for name in module.module.dylink.iter().flat_map(|dylink| &dylink.needed) {
                let paths = search.candidates(name, &module);
                let found = paths.iter().find(|path| path.is_file()).map(|path| absolute(path));
                self.looked_for.extend(paths.iter().map(|path| absolute(path)));
                if let Some(found) = found.filter(|found| !self.found.contains(found)) {
                    modules.extend(read(&found));
                    self.found.insert(found);
                }
            }
        }
    }

    fn targets(&self) -> Vec<Target> {
        let files: BTreeSet<_> = self.given.union(&self.looked_for).cloned().collect();
        let folders = self.folders.iter().cloned().map(Target::Folder);
        files.into_iter().map(Target::File).chain(folders).collect()
    }

    fn count(&self) -> usize {
        self.given.union(&self.found).count()
    }

    fn announcement(&self) -> String {
        let count = self.count();
        let files = if count == 1 { "file" } else { "files" };
        format!("watching {count} {files}; interrupt to end")
    }

    /// Returns the name of a file that does not exist.
    fn missing(&self) -> Option<String> {
        let missing = self.given.iter().find(|file| !file.exists())?;
        Some(missing.file_name().unwrap_or(missing.as_os_str()).to_string_lossy().into_owned())
    }
}

/// Returns whether a module may open libraries while it runs.
fn opens_libraries(input: &InputModule) -> bool {
    input.module.imports.iter().any(|import| import.name == "dlopen")
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
