//! The lock on a folder that only one `cargo xtask` at a time may write to.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard};

use anyhow::Context;

use crate::support::files;
use crate::support::progress::Progress;

/// Proof that this process has locked a folder. Dropping it unlocks the folder.
#[derive(Debug)]
pub(crate) struct BuildLock(());

/// The locked file. The system unlocks it when the last process that has it open closes it or ends.
static LOCKED: Mutex<Option<File>> = Mutex::new(None);

fn locked() -> MutexGuard<'static, Option<File>> {
    LOCKED.lock().unwrap_or_else(|e| e.into_inner())
}

impl BuildLock {
    /// Locks a folder, which is created if necessary. Waits until no other process has locked it.
    ///
    /// # Errors
    ///
    /// If the folder or the lock file in it cannot be created, or the file cannot be locked.
    pub(crate) fn take(folder: &Path, progress: &Progress) -> anyhow::Result<Self> {
        files::create_folder(folder)?;
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

    /// Writes a file of the locked folder, in one step and only if its content changes.
    pub(crate) fn publish(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        files::replace(path, bytes)
    }
}

impl Drop for BuildLock {
    fn drop(&mut self) {
        *locked() = None;
    }
}

/// Returns an empty standard input for a tool.
///
/// While a folder is locked, this is the lock file, which is empty. A tool inherits the lock with
/// it: if this process is killed, the folder stays locked until its tools have ended too.
pub(crate) fn stdin() -> Stdio {
    if cfg!(unix)
        && let Some(file) = locked().as_ref().and_then(|file| file.try_clone().ok())
    {
        return Stdio::from(file);
    }
    Stdio::null()
}
