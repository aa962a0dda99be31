//! `cargo xtask remove`: undoes what `cargo xtask new` has made.

mod dependents;
mod losses;

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::commands::new::entry::{self, EntryText};
use crate::commands::new::members;
use crate::commands::new::template::NewGuest;
use crate::commands::new::update_lock_file;
use crate::flags::RemoveFlags;
use crate::support::changes::{self, Changes};
use crate::support::files;
use crate::support::lock::BuildLock;
use crate::support::progress::{Progress, print};
use crate::support::project::Project;

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &RemoveFlags,
) -> anyhow::Result<()> {
    let _lock = BuildLock::take(&project.guests(), progress)?;
    let text = files::read_text(&project.manifest())?;
    let entry = find(&text, &flags.name)?;
    let guest = made_by_new(&entry, &flags.name)?;
    check_dependents(project, &text, &guest.name)?;
    if !flags.force {
        check_losses(project, &entry, &guest)?;
    }
    let rest = entry::remove(&text, &entry);
    changes::all_or_nothing(|changes| unlist(project, &guest, &rest, changes))?;
    remove_folder(project, &guest.name)?;
    print(&format!("removed `{}`: its folder, its entry and its test\n", guest.name))
}

/// Finds the entry of a guest.
///
/// # Errors
///
/// If there is no such guest, with the name that is probably meant.
fn find<'t>(text: &'t str, name: &str) -> anyhow::Result<EntryText<'t>> {
    let names = entry::names(text)?;
    if !names.iter().any(|known| known == name) {
        let shown = linker::printable(name);
        match linker::near(name, names.iter().map(String::as_str)) {
            Some(near) => bail!("guests.toml lists no guest `{shown}`; did you mean `{near}`?"),
            None => bail!("guests.toml lists no guest `{shown}`, but {}", names.join(", ")),
        }
    }
    entry::find(text, name)?.with_context(|| by_hand(name))
}

/// Returns the guest as `new` has made it.
///
/// # Errors
///
/// If something else has made the guest.
fn made_by_new(entry: &EntryText<'_>, name: &str) -> anyhow::Result<NewGuest> {
    NewGuest::by_comment(name, entry.comment).with_context(|| by_hand(name))
}

fn by_hand(name: &str) -> String {
    format!(
        "`cargo xtask new` did not make `{name}`: the comment that it writes is not above \
         `[guest.{name}]` in guests.toml. Remove the guest by hand: its entry, its sources, and \
         for a crate the line in `members` of Cargo.toml"
    )
}

fn check_dependents(project: &Project, text: &str, name: &str) -> anyhow::Result<()> {
    let mut dependents = dependents::in_manifest(text, name)?;
    dependents.extend(dependents::in_workspace(project, name));
    if dependents.is_empty() {
        return Ok(());
    }
    bail!("`{name}` is needed:\n  {}\nchange or remove them first", dependents.join("\n  "))
}

fn check_losses(project: &Project, entry: &EntryText<'_>, guest: &NewGuest) -> anyhow::Result<()> {
    let name = &guest.name;
    let mut losses = losses::in_folder(&project.root, guest)?;
    if entry.text.replace("\r\n", "\n") != guest.entry {
        losses.push(format!("guests.toml: `[guest.{name}]` differs"));
    }
    if losses.is_empty() {
        return Ok(());
    }
    bail!(
        "`{name}` is not as `cargo xtask new` makes it, and this would be lost:\n  {}\n\
         keep what you need elsewhere, then run `cargo xtask remove {name} --force`",
        losses.join("\n  ")
    )
}

/// Takes a guest from every list, and sets its folder aside.
fn unlist(
    project: &Project,
    guest: &NewGuest,
    manifest: &str,
    changes: &mut Changes,
) -> anyhow::Result<()> {
    let folder = project.root.join(&guest.name);
    if folder.exists() {
        changes.rename(&folder, &aside(project, &guest.name))?;
    }
    changes.replace(&project.manifest(), manifest)?;
    if guest.is_crate() {
        let workspace = project.cargo_toml();
        let text = files::read_text(&workspace)?;
        changes.replace(&workspace, &members::remove(&text, &guest.name)?)?;
        update_lock_file(project, changes)?;
    }
    Ok(())
}

/// Returns the name that a folder has while its guest is removed.
fn aside(project: &Project, name: &str) -> PathBuf {
    project.root.join(format!(".{name}.removed"))
}

/// Removes the folder that was set aside. From here on the guest is gone, whatever happens.
fn remove_folder(project: &Project, name: &str) -> anyhow::Result<()> {
    let folder = aside(project, name);
    files::remove(&folder).map(drop).with_context(|| {
        format!("`{name}` is removed, but not its folder: remove `{}` by hand", folder.display())
    })
}
