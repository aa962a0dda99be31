//! `cargo xtask dev`: builds and runs again whenever a source file of a guest changes.
//!
//! A build is that of `cargo xtask run`, with the same commands, but only for the guests whose files
//! have changed. Whatever fails is shown, and the next change tries again.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use watch::{Change, Target, Watch, seconds};

use crate::build::demo;
use crate::build::hosts;
use crate::build::manifest::Manifest;
use crate::build::publish::Published;
use crate::build::sources::{Sources, Stale};
use crate::flags::DevFlags;
use crate::support::interrupt::{self, Interrupted};
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::Project;

/// The interval at which Ctrl-C is looked for while nothing changes.
const TICK: Duration = Duration::from_millis(100);

pub(crate) fn run(project: &Project, progress: &Progress, flags: &DevFlags) -> anyhow::Result<()> {
    // A list that cannot be read may be mended while this runs. A wrong name is mended here.
    if let Ok(manifest) = Manifest::read(&project.manifest()) {
        check_names(&manifest, flags)?;
    }
    let mut session = Session {
        project: project.clone(),
        progress,
        flags,
        watch: Watch::new(lists(project).map(Target::File).to_vec()),
        manifest: None,
        is_current: false,
        stale: Stale::All,
        published: Published::default(),
        has_host: false,
    };
    let mut change = None;
    loop {
        change = Some(session.round(change)?);
    }
}

/// Returns the files that list the guests and the crates.
fn lists(project: &Project) -> [PathBuf; 2] {
    [project.manifest(), project.cargo_toml()]
}

/// Checks that the guests exist that the command line names.
fn check_names(manifest: &Manifest, flags: &DevFlags) -> anyhow::Result<()> {
    for name in flags.guests.iter().chain(&flags.run) {
        if !manifest.guests.iter().any(|guest| guest.name == *name) {
            let known: Vec<_> = manifest.guests.iter().map(|guest| guest.name.as_str()).collect();
            bail!("there is no guest `{name}` in guests.toml; there are {}", known.join(", "));
        }
    }
    Ok(())
}

struct Session<'a> {
    project: Project,
    progress: &'a Progress,
    flags: &'a DevFlags,
    watch: Watch,
    /// The list of guests, as it was valid last.
    manifest: Option<Rc<Manifest>>,
    /// Whether the list has not changed since then.
    is_current: bool,
    stale: Stale,
    published: Published,
    has_host: bool,
}

/// The end of a run.
enum End {
    Exit,
    /// A file has changed before the end.
    Change(Change),
}

impl Session<'_> {
    /// Builds and runs after a change, or for the first time, and waits for the next change.
    fn round(&mut self, change: Option<Change>) -> anyhow::Result<Change> {
        let start = change.as_ref().map_or_else(Instant::now, |change| change.noticed);
        let what = change.as_ref().map(|change| format!("{} changed: ", change.names()));
        let what = what.unwrap_or_default();
        match self.build_and_run(change) {
            Ok(End::Exit) => {
                let time = seconds(start.elapsed());
                self.progress.line(format_args!("{what}built and ran in {time}"));
            }
            Ok(End::Change(change)) => {
                let names = change.names();
                self.progress
                    .line(format_args!("{names} changed while the guest ran, and ended it"));
                return Ok(change);
            }
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                let time = seconds(start.elapsed());
                self.progress.line(format_args!("error: {error:#}\n{what}failed after {time}"));
            }
        }
        self.next_change()
    }

    fn next_change(&mut self) -> anyhow::Result<Change> {
        loop {
            interrupt::check()?;
            if let Some(change) = self.watch.wait(TICK) {
                return Ok(change);
            }
        }
    }

    fn build_and_run(&mut self, change: Option<Change>) -> anyhow::Result<End> {
        if let Some(change) = change {
            self.note(&change);
        }
        let manifest = self.read()?;
        self.published.update(&self.project, self.progress, &manifest, None, &mut self.stale)?;
        self.stale = Stale::none();
        if !self.has_host {
            hosts::build_rust(&self.project, self.progress)?;
            self.has_host = true;
        }
        self.run(&manifest)
    }

    /// Notes what a change makes stale.
    fn note(&mut self, change: &Change) {
        self.is_current &= !lists(&self.project).iter().any(|list| change.paths.contains(list));
        if change.paths.contains(&self.project.cargo_toml()) {
            self.forget();
        }
        if let Some(manifest) = &self.manifest {
            let sources = Sources::of(&self.project, manifest);
            self.stale.add(change.paths.iter().flat_map(|file| sources.guests_of(file)));
        }
    }

    /// Makes the next build one of all guests.
    fn forget(&mut self) {
        self.stale = Stale::All;
        self.published = Published::default();
    }

    /// Returns the list of guests. If it has changed, reads it again, and watches what it names.
    fn read(&mut self) -> anyhow::Result<Rc<Manifest>> {
        if let Some(manifest) = self.manifest.clone().filter(|_| self.is_current) {
            return Ok(manifest);
        }
        self.project = Project::find()?;
        let manifest = Manifest::read(&self.project.manifest())?;
        check_names(&manifest, self.flags)?;
        if self.manifest.as_ref().is_none_or(|before| before.guests != manifest.guests) {
            self.forget();
        }
        let mut targets = Sources::of(&self.project, &manifest).targets(&self.flags.guests);
        targets.extend(lists(&self.project).map(Target::File));
        self.watch.retarget(targets);
        self.is_current = true;
        let manifest = Rc::new(manifest);
        self.manifest = Some(manifest.clone());
        Ok(manifest)
    }

    /// Runs the demo, or the guest that the command line names, until a file changes.
    fn run(&mut self, manifest: &Manifest) -> anyhow::Result<End> {
        let command = self.command(manifest)?;
        let watch = &mut self.watch;
        match process::show(command, || watch.wait(Duration::ZERO))? {
            ControlFlow::Break(change) => Ok(End::Change(change)),
            ControlFlow::Continue((status, last)) => {
                let name = self.flags.run.as_ref().map_or("the demo", String::as_str);
                ensure!(status.success(), "`{name}` failed ({status})");
                if self.flags.run.is_none() {
                    demo::check_result(&last, manifest)?;
                }
                Ok(End::Exit)
            }
        }
    }

    fn command(&self, manifest: &Manifest) -> anyhow::Result<Command> {
        let Some(name) = &self.flags.run else { return Ok(demo::rust_host(&self.project)) };
        let inputs = self.published.inputs(manifest);
        let guest = inputs.iter().map(|(guest, _)| *guest).find(|guest| guest.name == *name);
        let guest = guest.with_context(|| format!("there is no guest `{name}`"))?;
        let invoke = self.flags.invoke.as_deref();
        let mut command = demo::rust_host_of(&self.project, guest, &inputs, invoke);
        command.args(&self.flags.args);
        Ok(command)
    }
}
