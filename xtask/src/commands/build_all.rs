//! `cargo xtask build-all`: sets up, builds the guests and the host, and runs the demo.

use crate::build::demo;
use crate::build::hosts;
use crate::build::manifest::Manifest;
use crate::build::publish;
use crate::commands::setup;
use crate::flags::{BuildAllFlags, SetupFlags};
use crate::support::progress::Progress;
use crate::support::project::Project;

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &BuildAllFlags,
) -> anyhow::Result<()> {
    let manifest = Manifest::read(&project.manifest())?;
    if !flags.no_setup {
        setup::ensure(project, progress, &SetupFlags::default())?;
    }
    publish::build_guests(project, progress, &manifest, flags.target.as_deref())?;
    if flags.guests_only {
        return Ok(());
    }
    hosts::build_rust(project, progress)?;
    demo::run(demo::rust_host(project), &manifest)
}
