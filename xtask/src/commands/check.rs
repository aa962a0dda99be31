//! `cargo xtask check`: checks the published guests against `guests.toml` and each other, and the
//! files that the build has written to source folders.

use std::fs;
use std::io::ErrorKind;

use anyhow::bail;

use crate::build::bindings;
use crate::build::check;
use crate::build::guests::BuiltGuest;
use crate::build::manifest::Manifest;
use crate::support::progress::{Progress, print};
use crate::support::project::Project;

pub(crate) fn run(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let manifest = Manifest::read(&project.manifest())?;
    let published = read_published(project, &manifest)?;
    let inputs = check::load(&published)?;
    check::check(project, &inputs, |_| true)?;
    for (guest, input) in inputs {
        let kind = input.module.kind;
        print(&format!("✔ {}: {kind}, linked as `{}`\n", guest.name, input.linked_as))?;
    }
    bindings::check(project, progress, &manifest)
}

/// Reads every guest in `target/guests`.
///
/// # Errors
///
/// Every guest that cannot be read.
fn read_published<'a>(
    project: &Project,
    manifest: &'a Manifest,
) -> anyhow::Result<Vec<BuiltGuest<'a>>> {
    let mut published = Vec::new();
    let mut faults = Vec::new();
    for guest in &manifest.guests {
        let path = project.guest(&guest.name);
        match fs::read(&path) {
            Ok(bytes) => published.push(BuiltGuest { guest, bytes }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                faults.push(format!("there is no `{}`", path.display()));
            }
            Err(error) => faults.push(format!("cannot read `{}`: {error}", path.display())),
        }
    }
    if !faults.is_empty() {
        bail!("{}\nbuild them with `cargo xtask build-all`", faults.join("\n"));
    }
    Ok(published)
}
