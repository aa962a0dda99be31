//! Builds the guests, checks them against each other, and publishes them only if they all fit.

use crate::build::bindings;
use crate::build::check;
use crate::build::demo;
use crate::build::guests::{self, BuiltGuest};
use crate::build::manifest::Manifest;
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
    let lock = BuildLock::take(&project.guests(), progress)?;
    let built = build(project, progress, manifest, target)?;
    build_sysroot(project, progress, &lock)?;
    let step = progress.step("check");
    let inputs = check::check(project, &built)?;
    step.done(format_args!("{} guests fit", inputs.len()));
    for built in &built {
        lock.publish(&project.guest(&built.guest.name), &built.bytes)?;
    }
    let demo = demo::describe(manifest, &inputs)?;
    lock.publish(&project.demo(), demo.as_bytes())
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
) -> anyhow::Result<Vec<BuiltGuest<'a>>> {
    let written = bindings::write(project, progress, manifest);
    interrupt::check()?;
    let built = guests::build(project, progress, manifest, target);
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
