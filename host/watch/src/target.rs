//! What can be watched, and what of it counts.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

/// Something to watch. It need not exist yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A file.
    File(PathBuf),
    /// The files in a folder, except hidden files and those that editors make for themselves.
    Folder(PathBuf),
    /// The files in a folder and in the folders below it, except those and the output of builds.
    /// The files and folders `except` do not count.
    Tree { folder: PathBuf, except: Vec<PathBuf> },
}

/// The files and folders that belong to a target.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) folders: Vec<PathBuf>,
}

impl Target {
    /// Returns what belongs to the target now. A file need not exist, folders do.
    pub(crate) fn contents(&self) -> Contents {
        let mut contents = Contents::default();
        match self {
            Target::File(file) => contents.files.push(file.clone()),
            Target::Folder(folder) => contents.add(folder, None),
            Target::Tree { folder, except } => contents.add(folder, Some(except)),
        }
        contents
    }
}

impl Contents {
    /// Adds a folder with its files. With `tree`, adds the folders in it too, but not those paths.
    fn add(&mut self, folder: &Path, tree: Option<&[PathBuf]>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        self.folders.push(folder.to_owned());
        for entry in entries.flatten().filter(|entry| !is_private(entry)) {
            let path = entry.path();
            if tree.is_some_and(|except| except.contains(&path)) {
                continue;
            }
            // A link to a folder is not followed: it may lead back.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder {
                self.files.push(path);
            } else if tree.is_some() && !is_output(&path) {
                self.add(&path, tree);
            }
        }
    }
}

/// Returns whether a file or folder is hidden, or an editor has made it for itself.
fn is_private(entry: &DirEntry) -> bool {
    const ENDINGS: [&str; 8] = ["~", "#", ".bak", ".orig", ".swp", ".swx", ".swo", ".tmp"];
    let name = entry.file_name();
    let name = name.to_string_lossy();
    // vim makes a file `4913` to find out whether it may.
    name.starts_with('.') || name == "4913" || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Returns whether a build has made a folder: that of cargo, or of CMake.
fn is_output(folder: &Path) -> bool {
    ["CACHEDIR.TAG", "CMakeCache.txt"].iter().any(|mark| folder.join(mark).exists())
}
