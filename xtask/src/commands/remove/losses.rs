//! What is in the folder of a guest that `new` has not written, and would be lost with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::commands::new::template::NewGuest;

/// The number of files that are listed.
const SHOWN: usize = 10;

/// Returns the files in the folder of a guest that differ from what `new` writes, each with how.
pub(crate) fn in_folder(root: &Path, guest: &NewGuest) -> anyhow::Result<Vec<String>> {
    let folder = root.join(&guest.name);
    if folder.is_symlink() {
        bail!("`{}` is a link: remove it by hand", folder.display());
    }
    let mut losses = Vec::new();
    for file in list(&folder)? {
        losses.extend(loss(&folder, &file, guest));
    }
    let more = losses.len().saturating_sub(SHOWN);
    losses.truncate(SHOWN);
    if more > 0 {
        losses.push(format!("… and {more} more"));
    }
    Ok(losses)
}

fn loss(folder: &Path, file: &Path, guest: &NewGuest) -> Option<String> {
    let path = file.strip_prefix(folder).unwrap_or(file);
    let shown = Path::new(&guest.name).join(path);
    let Some((_, text)) = guest.files.iter().find(|(known, _)| Path::new(known) == path) else {
        return Some(format!("{}: `new` did not write it", shown.display()));
    };
    let is_same = fs::read_to_string(file).is_ok_and(|found| found.replace("\r\n", "\n") == *text);
    (!is_same).then(|| format!("{}: it differs", shown.display()))
}

/// Returns the files in a folder and below, and links, in the order of their names. A folder that
/// does not exist has none.
fn list(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let cannot_read = || format!("cannot read the folder `{}`", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot_read)? {
        let entry = entry.with_context(cannot_read)?;
        if entry.file_type().with_context(cannot_read)?.is_dir() {
            files.extend(list(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
