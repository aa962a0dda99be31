//! The folders in which something must happen before a target changes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::target::Target;

/// Returns the folders of the targets that exist, and the folder around each of them, in which a
/// folder disappears or comes back. Folders further up are not among them: they are replaced too
/// rarely, and much else happens there.
pub(crate) fn of(targets: &[Target]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for target in targets {
        let contents = target.contents();
        let (Target::File(top) | Target::Folder(top) | Target::Tree { folder: top, .. }) = target;
        folders.extend(contents.folders);
        folders.extend(nearest(top));
        if let Target::File(file) = target {
            folders.extend(fs::canonicalize(file).ok().as_deref().and_then(nearest));
            folders.extend(nearest(file).as_deref().and_then(nearest));
        }
    }
    folders
}

/// Returns the nearest folder around a path that exists.
fn nearest(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned)
}
