//! The guests as a set: built, checked against each other, and only then published.

use crate::build::check;
use crate::build::demo;
use crate::build::guests;
use crate::build::manifest::Manifest;
use crate::build::sysroot;
use crate::support::files;
use crate::support::interrupt::Interrupted;
use crate::support::lock::BuildLock;
use crate::support::progress::Progress;
use crate::support::project::Project;

/// Builds the guests, and publishes them in `target/guests` only if they all fit: what is there stays
/// the last good set.
pub(crate) fn build_guests(
    project: &Project,
    progress: &Progress,
    manifest: &Manifest,
    target: Option<&str>,
) -> anyhow::Result<()> {
    let lock = BuildLock::take(&project.guests(), progress)?;
    let built = guests::build(project, progress, manifest, target)?;
    build_sysroot(project, progress, &lock)?;
    let step = progress.step("check");
    let inputs = check::check(project, &built)?;
    step.done(format_args!("{} guests fit", inputs.len()));
    for built in &built {
        files::publish(&lock, &project.guest(&built.guest.name), &built.bytes)?;
    }
    let demo = demo::describe(manifest, &inputs)?;
    files::publish(&lock, &project.demo(), demo.as_bytes())?;
    Ok(())
}

/// Guests that use neither libc nor libc++ do without, on a version of Emscripten that the recipe does not
/// know too.
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
