//! The folder of each case, and of each guest that comes with a case.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::support::workspace;

/// Returns the folder of each case, `cases/TOPIC/NAME`, in the order of the names.
pub(crate) fn folders() -> Vec<PathBuf> {
    let topics = subfolders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"));
    let mut cases: Vec<_> = topics.iter().flat_map(|topic| subfolders(topic)).collect();
    cases.sort_by_key(|case| case.file_name().map(ToOwned::to_owned));
    cases
}

/// Returns the folder of each guest of `guests.toml` with a `case.md`, relative to the workspace.
pub(crate) fn guests() -> BTreeSet<PathBuf> {
    let text = fs::read_to_string(workspace::root().join("guests.toml")).unwrap_or_default();
    let document: Table = toml::from_str(&text).unwrap_or_default();
    let guests = document.get("guest").and_then(Value::as_table).into_iter().flatten();
    let folders = guests.filter_map(|(_, guest)| guest.get("path")?.as_str()).map(PathBuf::from);
    folders.filter(|folder| workspace::root().join(folder).join("case.md").is_file()).collect()
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.is_dir()).collect()
}
