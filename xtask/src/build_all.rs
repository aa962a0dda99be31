//! `cargo xtask build-all`: set-up, guests, check, host, demo.

use crate::cargo;
use crate::check;
use crate::files::{self, BuildLock};
use crate::flags::{BuildAllFlags, SetupFlags};
use crate::guests;
use crate::interrupt::Interrupted;
use crate::manifest::Manifest;
use crate::progress::Progress;
use crate::project::Project;
use crate::run;
use crate::setup;
use crate::sysroot;

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &BuildAllFlags,
) -> anyhow::Result<()> {
    let manifest = Manifest::read(&project.manifest())?;
    if !flags.no_setup {
        setup::ensure(project, progress, &SetupFlags::default())?;
    }
    build_guests(project, progress, &manifest, flags.target.as_deref())?;
    if flags.guests_only {
        return Ok(());
    }
    build_host(project, progress)?;
    run::demo(run::rust_host(project), &manifest)
}

/// Builds the guests, and publishes them in `target/guests` only if they all fit: what is there stays
/// the last good set.
pub(crate) fn build_guests(
    project: &Project,
    progress: &Progress,
    manifest: &Manifest,
    target: Option<&str>,
) -> anyhow::Result<()> {
    let lock = BuildLock::take(project, progress)?;
    let built = guests::build(project, progress, manifest, target)?;
    build_sysroot(project, progress, &lock)?;
    let step = progress.step("check");
    let inputs = check::check(project, &built)?;
    step.done(format_args!("{} guests fit", inputs.len()));
    for built in &built {
        files::publish(&lock, &project.guest(&built.guest.name), &built.bytes)?;
    }
    let demo = run::describe(manifest, &inputs)?;
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

pub(crate) fn build_host(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let step = progress.step("host");
    if !project.host().is_file() {
        step.announce("compiling Wasmtime, which takes some minutes the first time");
    }
    cargo::build(project, &step, "host")?;
    step.done("built");
    Ok(())
}
