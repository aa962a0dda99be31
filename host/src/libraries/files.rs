//! Where libraries are that a program opens by name.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use linker::{Fault, Object};

use crate::error::Error;
use crate::program;
use crate::search::Search;
use crate::wasi::{self, Directory};

/// Files that are kept as they were read; a program may open any number.
const KEPT: usize = 100;

/// The files in which a program's libraries are looked for. Messages about them are for the guest, so they
/// name files as the guest does.
#[derive(Debug, Clone, Default)]
pub struct Files {
    search: Search,
    /// Directories of the guest in which it may open libraries by a path.
    directories: Option<Vec<Directory>>,
    /// By file.
    system: HashMap<String, Option<Object>>,
    /// What was read last of each file, when that was written, and how long it was.
    read: HashMap<PathBuf, (SystemTime, u64, Object)>,
}

impl Files {
    /// Libraries are looked for by name in the folders of a search.
    pub fn new(search: Search) -> Self {
        Files { search, ..Files::default() }
    }

    /// Lets the guest open libraries in directories that it can read, by a path. What is there may have been
    /// written by the guest itself: it is bounded as all of the guest's code is, but nobody chose it.
    #[must_use]
    pub fn with_directories(mut self, directories: Vec<Directory>) -> Self {
        self.directories = Some(directories);
        self
    }

    /// The file that a name means: one with a slash is a path of the guest's, any other is looked for.
    pub(crate) fn find(&self, name: &str) -> Result<PathBuf, String> {
        let shown = linker::printable(name);
        if name.is_empty() {
            return Err(
                "the library's name is empty; the program itself is opened by NULL".to_owned()
            );
        }
        let found = match name.contains(std::path::is_separator) {
            true => self.in_directories(name)?,
            false => self.search.find(name).ok_or_else(|| {
                format!("there is no library `{shown}` in the folders of libraries (`-L`)")
            })?,
        };
        let real = found.canonicalize().map_err(|_| format!("there is no file `{shown}`"))?;
        match fs::metadata(&real) {
            Ok(data) if data.is_file() => Ok(real),
            Ok(data) if data.is_dir() => Err(format!("`{shown}` is a folder, not a library")),
            // A pipe would be waited for.
            _ => Err(format!("`{shown}` is no file")),
        }
    }

    /// The guest's directory that a path is in, and the path from there.
    fn directory_of(&self, name: &str) -> Result<(&Directory, PathBuf), String> {
        let shown = linker::printable(name);
        let Some(directories) = &self.directories else {
            return Err(format!(
                "`{shown}` is a path, and this program may open libraries only by name, in the folders of \
                 libraries; `host run --dlopen-from-dir` lets it open those in its directories too"
            ));
        };
        let path = components(name);
        let inside = |directory: &&Directory| path.starts_with(components(&directory.guest));
        let longest = |directory: &&Directory| components(&directory.guest).components().count();
        let directory = directories.iter().filter(inside).max_by_key(longest);
        let rest = directory.and_then(|directory| {
            Some((directory, path.strip_prefix(components(&directory.guest)).ok()?.to_owned()))
        });
        rest.ok_or_else(|| outside(name))
    }

    fn in_directories(&self, name: &str) -> Result<PathBuf, String> {
        let (Directory { host, .. }, rest) = self.directory_of(name)?;
        let missing = |_| format!("there is no file `{}`", linker::printable(name));
        let real = host.join(rest).canonicalize().map_err(missing)?;
        // A link may lead out.
        match host.canonicalize().is_ok_and(|host| real.starts_with(host)) {
            true => Ok(real),
            false => Err(outside(name)),
        }
    }

    /// Opens a library that was found for a name. In a directory of the guest's it is opened as the guest itself
    /// would open it, for what was found there may have been changed to a link that leads out.
    fn open(&self, file: &Path, name: &str) -> Result<File, String> {
        let failed =
            |error: io::Error| Error::Read { path: PathBuf::from(name), error }.to_string();
        if !name.contains(std::path::is_separator) {
            return File::open(file).map_err(failed);
        }
        let (directory, rest) = self.directory_of(name)?;
        wasi::open(directory, &rest).map_err(failed)
    }

    /// Reads a library that was found for a name, if it has changed since it was read last.
    pub(crate) fn read(&mut self, file: &Path, name: &str) -> Result<Object, String> {
        let opened = self.open(file, name)?;
        let written = opened.metadata().and_then(|data| Ok((data.modified()?, data.len()))).ok();
        if let Some((time, length, object)) = self.read.get(file)
            && written == Some((*time, *length))
        {
            return Ok(object.clone());
        }
        let object = self.read_anew(&opened, file, name)?;
        if self.read.len() >= KEPT {
            self.read.clear();
        }
        if let Some((time, length)) = written {
            self.read.insert(file.to_owned(), (time, length, object.clone()));
        }
        Ok(object)
    }

    fn read_anew(&self, opened: &File, file: &Path, name: &str) -> Result<Object, String> {
        let limits = linker::Library::limits(&self.search);
        let read = program::read_file(opened, Path::new(name), &limits);
        let mut object = read.map_err(|error| error.to_string())?;
        object.file = Some(file.to_owned());
        Ok(object)
    }
}

fn outside(name: &str) -> String {
    let shown = linker::printable(name);
    format!("`{shown}` is outside of the directories that the program was given")
}

/// A path without `.`, `..` and what stands for the root: the guest's directories have names relative to that.
fn components(path: &str) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    plain
}

impl linker::Library for Files {
    fn needed(&mut self, name: &str, by: &str) -> Result<Object, Fault> {
        let bad = |message: String| {
            let name = linker::printable(name);
            Fault::BadLibrary { message: format!("`{by}` needs the library `{name}`: {message}") }
        };
        let file = self.find(name).map_err(bad)?;
        self.read(&file, name).map_err(bad)
    }

    /// They are read once.
    fn system(&mut self, file: &str) -> Option<Object> {
        let read = || linker::Library::system(&mut self.search, file);
        self.system.entry(file.to_owned()).or_insert_with(read).clone()
    }

    fn limits(&self) -> linker::InputLimits {
        linker::Library::limits(&self.search)
    }
}
