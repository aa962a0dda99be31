//! `cargo xtask new`: makes a guest, with its entry in `guests.toml` and a test.

pub(crate) mod entry;
pub(crate) mod members;
pub(crate) mod name;
pub(crate) mod template;

use std::process::Command;

use anyhow::Context;

use self::name::Taken;
use self::template::{CASE_FILE, NewGuest};
use crate::build::manifest::Manifest;
use crate::flags::NewFlags;
use crate::support::changes::{self, Changes};
use crate::support::files;
use crate::support::lock::BuildLock;
use crate::support::process;
use crate::support::progress::{Progress, print};
use crate::support::project::{self, Project};

pub(crate) fn run(project: &Project, progress: &Progress, flags: &NewFlags) -> anyhow::Result<()> {
    // No build reads the list of guests, and no other command changes it.
    let _lock = BuildLock::take(&project.guests(), progress)?;
    let manifest = Manifest::read(&project.manifest())?;
    let guest = NewGuest::new(&flags.name, flags.lang, flags.with_cxx)
        .context("only a guest in Rust has C++ inside: use `--lang rust`")?;
    name::check(&guest.name, &Taken::read(project, &manifest, guest.is_crate())?)?;
    changes::all_or_nothing(|changes| write(project, &guest, changes))?;
    print(&report(&guest))
}

/// Writes the folder of a guest and lists the guest.
fn write(project: &Project, guest: &NewGuest, changes: &mut Changes) -> anyhow::Result<()> {
    let files = guest.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    changes.create_folder(&project.root.join(&guest.name), files)?;
    let manifest = project.manifest();
    let text = files::read_text(&manifest)?;
    changes.replace(&manifest, &entry::add(&text, &guest.name, &guest.entry)?)?;
    if guest.is_crate() {
        let workspace = project.cargo_toml();
        let text = files::read_text(&workspace)?;
        changes.replace(&workspace, &members::add(&text, &guest.name)?)?;
        update_lock_file(project, changes)?;
    }
    Manifest::read(&manifest)?;
    Ok(())
}

/// Makes Cargo.lock list the members of the workspace. The versions of dependencies stay.
pub(crate) fn update_lock_file(project: &Project, changes: &mut Changes) -> anyhow::Result<()> {
    changes.keep(&project.cargo_lock())?;
    let mut command = Command::new(project::cargo());
    command.current_dir(&project.root).args(["update", "--workspace", "--offline", "--quiet"]);
    process::read(command).context("cannot update Cargo.lock")?;
    Ok(())
}

/// Describes what was made, and the commands to go on with.
fn report(guest: &NewGuest) -> String {
    let NewGuest { name, template, .. } = guest;
    let paths = guest.files.iter().map(|(path, _)| path).filter(|path| *path != CASE_FILE);
    let sources: String = paths.map(|path| format!("  {name}/{path}\n")).collect();
    let member = if guest.is_crate() { "  Cargo.toml, Cargo.lock: a member\n" } else { "" };
    let export = guest.export();
    format!(
        "made {}:\n{sources}  {name}/{CASE_FILE}: its test\n  guests.toml: its entry\n{member}\
         build it, call it and test it:\n  \
         cargo xtask build-all\n  \
         cargo host run --invoke {export} target/guests/{name}.wasm\n  \
         cargo xtask test guest::{name}\n\
         remove it again:\n  \
         cargo xtask remove {name}\n",
        template.title
    )
}
