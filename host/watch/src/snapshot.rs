//! What is known of files at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::target::Target;

/// The files of some targets, each with its stamp if it exists.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, Option<Stamp>>);

/// What changes with the content of a file, or with the file at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Some systems do not know it.
    created: Option<SystemTime>,
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let data = fs::metadata(file).ok()?;
        let (modified, created) = (data.modified().ok(), data.created().ok());
        Some(Stamp { length: data.len(), modified, created })
    }
}

impl Snapshot {
    pub(crate) fn take(targets: &[Target]) -> Self {
        let files = targets.iter().flat_map(|target| target.contents().files);
        Snapshot(files.map(|file| (file.clone(), Stamp::of(&file))).collect())
    }

    /// Becomes a later snapshot of other targets, but keeps what was seen of common files.
    pub(crate) fn adopt(&mut self, mut later: Snapshot) {
        for (file, stamp) in &mut later.0 {
            if let Some(seen) = self.0.get(file) {
                *stamp = *seen;
            }
        }
        *self = later;
    }

    /// Returns the files that differ from those of a later snapshot of the same targets.
    pub(crate) fn differences(&self, later: &Snapshot) -> Vec<PathBuf> {
        let files: BTreeSet<_> = self.0.keys().chain(later.0.keys()).collect();
        let differs = |file: &&&PathBuf| self.stamp(file) != later.stamp(file);
        files.iter().filter(differs).map(|file| (*file).clone()).collect()
    }

    fn stamp(&self, file: &Path) -> Option<Stamp> {
        self.0.get(file).copied().flatten()
    }
}
