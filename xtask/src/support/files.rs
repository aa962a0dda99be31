//! Files that are either whole or not there.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::Context;

use crate::support::lock::BuildLock;

/// Puts `bytes` at `path` by temporary file and rename, unless they are there already.
/// Returns whether the file changed.
pub(crate) fn publish(_lock: &BuildLock, path: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let temporary = path.with_extension("tmp");
    write_synced(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(true)
}

/// Waits for the disk, so that after a power failure the name never stands for half a file.
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

/// Removes a file or folder if it is there.
pub(crate) fn remove(path: &Path) -> anyhow::Result<bool> {
    let result = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot remove `{}`", path.display())),
    }
}
