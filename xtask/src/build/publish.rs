//! Builds the guests, checks them against each other, and publishes them only if they all fit.

use std::collections::BTreeMap;

use linker::InputModule;

use crate::build::bindings;
use crate::build::check;
use crate::build::compile_commands;
use crate::build::demo;
use crate::build::guests::{self, BuiltGuest};
use crate::build::manifest::{Guest, Manifest};
use crate::build::sources::{Sources, Stale};
use crate::build::sysroot;
use crate::support::interrupt::{self, Interrupted};
use crate::support::lock::BuildLock;
use crate::support::progress::Progress;
use crate::support::project::Project;

/// Builds the guests and publishes them to `target/guests`. `target` overrides the target triple of
/// the crates.
///
/// # Errors
///
/// If a guest cannot be built, or the guests do not fit together. `target/guests` then keeps the
/// last good set.
pub(crate) fn build_guests(
    project: &Project,
    progress: &Progress,
    manifest: &Manifest,
    target: Option<&str>,
) -> anyhow::Result<()> {
    Published::default().update(project, progress, manifest, target, &mut Stale::All)
}

/// The guests that this process has published last.
#[derive(Default)]
pub(crate) struct Published {
    modules: Modules,
}

impl Published {
    /// Builds the guests that are stale, and publishes all. Marks guests as stale for which
    /// declarations were written.
    ///
    /// # Errors
    ///
    /// As [`build_guests`]. The published guests then stay as they were.
    pub(crate) fn update(
        &mut self,
        project: &Project,
        progress: &Progress,
        manifest: &Manifest,
        target: Option<&str>,
        stale: &mut Stale,
    ) -> anyhow::Result<()> {
        let lock = BuildLock::take(&project.guests(), progress)?;
        let mut built = build(project, progress, manifest, target, stale)?;
        if *stale == Stale::All {
            build_sysroot(project, progress, &lock)?;
        }
        let step = progress.step("check");
        built.retain(|built| !self.has(built));
        let changed = check::load(&built)?.into_iter();
        let changed: Modules = changed.map(|(guest, it)| (guest.name.clone(), it)).collect();
        let inputs = with_modules(manifest, &[&changed, &self.modules]);
        check::check(project, &inputs, |guest| changed.contains_key(&guest.name))?;
        step.done(format_args!("{} guests fit", inputs.len()));
        for (guest, input) in &inputs {
            lock.publish(&project.guest(&guest.name), &input.bytes)?;
        }
        lock.publish(&project.demo(), demo::describe(manifest, &inputs)?.as_bytes())?;
        compile_commands::write(project)?;
        let published = inputs.into_iter();
        self.modules = published.map(|(guest, it)| (guest.name.clone(), it)).collect();
        Ok(())
    }

    /// Returns the guests of the list with their modules.
    pub(crate) fn inputs<'a>(&self, manifest: &'a Manifest) -> Vec<(&'a Guest, InputModule)> {
        with_modules(manifest, &[&self.modules])
    }

    /// Returns whether a guest was built to the same module before.
    fn has(&self, built: &BuiltGuest<'_>) -> bool {
        let known = self.modules.get(&built.guest.name);
        known.is_some_and(|known| *known.bytes == *built.bytes)
    }
}

/// Modules of guests, by the names of the guests.
type Modules = BTreeMap<String, InputModule>;

/// Returns the guests of the list, each with its module in the first of the maps that has one.
fn with_modules<'a>(manifest: &'a Manifest, modules: &[&Modules]) -> Vec<(&'a Guest, InputModule)> {
    let module = |guest: &Guest| modules.iter().find_map(|modules| modules.get(&guest.name));
    let guests = manifest.guests.iter();
    guests.filter_map(|guest| Some((guest, module(guest)?.clone()))).collect()
}

/// Builds the guests, after the declarations that they need of each other.
///
/// # Errors
///
/// The failures of every tool. A source file with a mistake makes the declarations fail too, and
/// its compiler explains the mistake best. So the guests are built nevertheless.
fn build<'a>(
    project: &Project,
    progress: &Progress,
    manifest: &'a Manifest,
    target: Option<&'a str>,
    stale: &mut Stale,
) -> anyhow::Result<Vec<BuiltGuest<'a>>> {
    let mut files = Vec::new();
    let written = bindings::write(project, progress, manifest, &mut files);
    interrupt::check()?;
    let sources = Sources::of(project, manifest);
    for file in files {
        stale.add(sources.guests_of(&project.root.join(file)));
    }
    let built = guests::build(project, progress, manifest, target, stale);
    match (written, built) {
        (Ok(()), built) => built,
        (Err(failure), Ok(_)) => Err(failure),
        (Err(first), Err(second)) => Err(guests::combine(vec![first, second])),
    }
}

/// Builds the system libraries. A failure is only a warning: guests that use neither libc nor
/// libc++ work without them, also with a version of Emscripten from which they cannot be built.
fn build_sysroot(project: &Project, progress: &Progress, lock: &BuildLock) -> anyhow::Result<()> {
    match sysroot::build(project, progress, lock) {
        Err(error) if error.is::<Interrupted>() => Err(error),
        Err(error) => {
            progress.line(format_args!("warning: no libc and libc++ for the guests: {error:#}"));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
