//! A file to write, and the record of what it was last written from.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::build::manifest::{GENERATED, Guest};
use crate::support::files;
use crate::support::project::Project;

/// The files that decide how files are written.
const OWN_FILES: [&str; 5] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/src/declarations.rs"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/src/header.rs"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/src/main.rs"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/build/bindings/generator.rs"),
];

/// A file to write.
pub(super) struct Output<'a> {
    pub(super) guest: &'a Guest,
    pub(super) content: Content<'a>,
    /// The file, relative to the workspace.
    pub(super) file: PathBuf,
}

#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    /// Declarations in C of what a crate exports.
    Header,
    /// Declarations in Rust of this C header.
    Declarations(&'a Path),
}

impl Output<'_> {
    /// Returns the source of the file, for its first line and for messages.
    pub(super) fn origin(&self) -> String {
        match self.content {
            Content::Header => format!("the crate `{}`", slashes(&self.guest.path)),
            Content::Declarations(header) => format!("`{}`", slashes(header)),
        }
    }

    /// Returns the first line of the file, which says that it was written by a program.
    pub(super) fn first_line(&self) -> String {
        let generator = match self.content {
            Content::Header => "cbindgen",
            Content::Declarations(_) => "bindgen",
        };
        format!("{GENERATED}{} with {generator}. Change that instead.", self.origin())
    }

    /// Returns the path of a file in the target folder that is about this one.
    pub(super) fn in_target(&self, project: &Project, ending: &str) -> PathBuf {
        let kind = match self.content {
            Content::Header => "header",
            Content::Declarations(_) => "bindings",
        };
        project.bindings().join(format!("{}.{kind}.{ending}", self.guest.name))
    }

    /// Returns the path of the last fingerprint.
    pub(super) fn record(&self, project: &Project) -> PathBuf {
        self.in_target(project, "record")
    }

    /// Returns whether the file was written by this build from what is there now.
    pub(super) fn is_current(&self, project: &Project) -> anyhow::Result<bool> {
        let Ok(record) = files::read_text(&self.record(project)) else { return Ok(false) };
        let lines = record.lines().skip(1).filter_map(|line| line.split_once(' '));
        let inputs = lines.map(|(_, path)| PathBuf::from(path)).collect();
        Ok(self.fingerprint(project, inputs)? == record)
    }

    /// Returns a text that differs if the file or anything that it was made from does: a hash and
    /// the path of each file. `inputs` are the headers that clang has read.
    pub(super) fn fingerprint(
        &self,
        project: &Project,
        mut inputs: BTreeSet<PathBuf>,
    ) -> anyhow::Result<String> {
        inputs.insert(project.root.join(&self.file));
        inputs.extend(OWN_FILES.map(PathBuf::from));
        if let Content::Header = self.content {
            inputs.insert(self.settings(project));
            inputs.extend(rust_files(project.cdylib(&self.guest.path)?.source)?);
            // cbindgen ignores them.
            inputs.remove(&project.root.join(self.guest.declarations()));
        }
        let line = |path: PathBuf| format!("{:016x} {}\n", hash_file(&path), path.display());
        let lines: String = inputs.into_iter().map(line).collect();
        Ok(format!("{}\n{lines}", self.first_line()))
    }

    /// Returns the path of the settings of cbindgen, which a crate may have.
    pub(super) fn settings(&self, project: &Project) -> PathBuf {
        project.root.join(&self.guest.path).join("cbindgen.toml")
    }

    /// Returns the warning that the file is used as it is, because there is no libclang.
    ///
    /// # Errors
    ///
    /// If there is no file.
    pub(super) fn without_libclang(&self, project: &Project) -> anyhow::Result<String> {
        let file = slashes(&self.file);
        let way_out = "install clang, or run `cargo xtask setup --libclang`";
        if !project.root.join(&self.file).is_file() {
            bail!("cannot write `{file}` from {}: there is no libclang; {way_out}", self.origin());
        }
        Ok(format!(
            "warning: `{file}` stays as it is, because there is no libclang to read {}; {way_out}",
            self.origin()
        ))
    }
}

/// Returns the Rust files in the folder of a crate's `lib.rs` and in the folders below it.
fn rust_files(source: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders: Vec<_> = source.parent().map(Path::to_owned).into_iter().collect();
    while let Some(folder) = folders.pop() {
        let unreadable = || format!("cannot read `{}`", folder.display());
        for entry in folder.read_dir().with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// Returns a hash of a file's content, or of nothing if it cannot be read.
fn hash_file(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    fs::read(path).ok().hash(&mut hasher);
    hasher.finish()
}

/// Returns a path as it is written on every system.
pub(super) fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
