//! Packages of other authors, which are fetched when a test first needs them and kept for the next
//! run.

use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

use super::workspace;

/// The reason for which something cannot be fetched here.
pub(crate) type Unavailable = String;

/// Returns the folder that `fetch` has filled, in this run of the tests or an earlier one with the
/// same key.
pub(crate) fn fetched(
    key: &impl Hash,
    fetch: impl FnOnce(&Path) -> Result<Result<(), Unavailable>, Failed>,
) -> Result<Result<PathBuf, Unavailable>, Failed> {
    let mut unavailable = None;
    let folder = workspace::built(key, |folder| match fetch(folder)? {
        Ok(()) => Ok(()),
        Err(reason) => {
            unavailable = Some(reason.clone());
            Err(reason.into())
        }
    });
    match unavailable {
        Some(reason) => Ok(Err(reason)),
        None => Ok(Ok(folder?)),
    }
}

/// A package of npm's registry.
#[derive(Hash)]
pub(crate) struct NpmPackage {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// The registry's `dist.integrity` of this version.
    pub(crate) integrity: &'static str,
    /// What the paths of the files begin with that are unpacked.
    pub(crate) files: &'static [&'static str],
}

impl NpmPackage {
    /// Returns a folder with the files. They have the paths that they have in the package.
    ///
    /// # Errors
    ///
    /// If the package is another than expected. That it cannot be fetched is no error.
    pub(crate) fn fetch(&self) -> Result<Result<PathBuf, Unavailable>, Failed> {
        let Ok(python) = which::which("python3") else {
            return Ok(Err("Python is missing".to_owned()));
        };
        let script = workspace::root().join("tests").join("real").join("npm.py");
        let key = (self, fs::read(&script)?);
        fetched(&key, |folder| {
            let mut npm = Command::new(python);
            npm.arg(script).args([self.name, self.version, self.integrity]);
            npm.arg(folder).args(self.files);
            let output = npm.output()?;
            match output.status.code() {
                Some(0) => Ok(Ok(())),
                Some(3) => Ok(Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned())),
                _ => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
            }
        })
    }
}
