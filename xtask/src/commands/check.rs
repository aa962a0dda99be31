//! `cargo xtask check`: do the guests have the signatures of `guests.toml`, and do they fit?

use std::io::ErrorKind;

use anyhow::bail;

use crate::build::check;
use crate::build::guests::Built;
use crate::build::manifest::Manifest;
use crate::support::progress::print;
use crate::support::project::Project;

pub(crate) fn run(project: &Project) -> anyhow::Result<()> {
    let manifest = Manifest::read(&project.manifest())?;
    let mut built = Vec::new();
    let mut absent = Vec::new();
    for guest in &manifest.guests {
        let path = project.guest(&guest.name);
        match std::fs::read(&path) {
            Ok(bytes) => built.push(Built { guest, bytes }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                absent.push(format!("there is no `{}`", path.display()));
            }
            Err(error) => absent.push(format!("cannot read `{}`: {error}", path.display())),
        }
    }
    if !absent.is_empty() {
        bail!("{}\nbuild them with `cargo xtask build-all`", absent.join("\n"));
    }
    for (guest, input) in check::check(project, &built)? {
        let (kind, linked_as) = (input.module.kind, &input.linked_as);
        print(&format!("✔ {}: {kind}, linked as `{linked_as}`\n", guest.name))?;
    }
    Ok(())
}
