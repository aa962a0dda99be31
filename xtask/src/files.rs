//! Files that are either whole or not there.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use anyhow::Context;

use crate::progress::Progress;
use crate::project::Project;

/// Held while guests are built and published: two builds at once would take turns.
#[derive(Debug)]
pub(crate) struct BuildLock(());

/// The file that is locked: when the last who has it open closes it, or is killed, it is unlocked.
static LOCKED: Mutex<Option<File>> = Mutex::new(None);

fn locked() -> std::sync::MutexGuard<'static, Option<File>> {
    LOCKED.lock().unwrap_or_else(|e| e.into_inner())
}

/// What tools are to read: nothing. While the folder is locked that is the lock's own file, which is empty: so a tool
/// that outlives this program, because somebody has killed that, keeps the folder locked for as long as it writes there.
pub(crate) fn stdin() -> Stdio {
    let file = if cfg!(unix) { locked().as_ref().and_then(|f| f.try_clone().ok()) } else { None };
    file.map_or_else(Stdio::null, Stdio::from)
}

impl BuildLock {
    pub(crate) fn take(project: &Project, progress: &Progress) -> anyhow::Result<Self> {
        Self::of(&project.guests(), progress)
    }

    /// Of another folder than that of the guests.
    pub(crate) fn of(folder: &Path, progress: &Progress) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let path = folder.join(".lock");
        let cannot = || format!("cannot lock `{}`", path.display());
        let file = File::create(&path).with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress.line("waiting for another `cargo xtask` to finish");
                file.lock().with_context(cannot)?;
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        *locked() = Some(file);
        Ok(BuildLock(()))
    }
}

impl Drop for BuildLock {
    fn drop(&mut self) {
        *locked() = None;
    }
}

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
