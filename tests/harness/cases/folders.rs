//! The folder of each case.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the folder of each case, `cases/TOPIC/NAME`, in the order of the names.
pub(crate) fn folders() -> Vec<PathBuf> {
    let topics = subfolders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"));
    let mut cases: Vec<_> = topics.iter().flat_map(|topic| subfolders(topic)).collect();
    cases.sort_by_key(|case| case.file_name().map(ToOwned::to_owned));
    cases
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.is_dir()).collect()
}
