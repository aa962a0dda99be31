//! The lock of a folder that several `cargo xtask` at once would write to.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use anyhow::Context;

use crate::support::progress::Progress;

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
    pub(crate) fn take(folder: &Path, progress: &Progress) -> anyhow::Result<Self> {
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
