//! Finds libraries: in the runtime path of the module that needs one, in the folders of the search,
//! and in the folder of the system libraries.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use linker::{Fault, InputLimits, InputModule, Kind, LibrarySource};

use crate::directory::{self, Directory};
use crate::error::Error;
use crate::input;

/// The folders that are searched for libraries that modules need, and the system libraries.
#[derive(Debug, Clone, Default)]
pub struct Search {
    folders: Vec<PathBuf>,
    sysroot: Option<PathBuf>,
    /// Modules that replace system libraries, by the file that each replaces.
    replacements: BTreeMap<&'static str, InputModule>,
    limits: InputLimits,
}

impl Search {
    /// Searches `folders` in order. `sysroot` is the folder of the system libraries. If it is
    /// `None`, the first of these that exists is used: `sysroot` next to the running executable,
    /// and `../guests/sysroot` relative to the executable's folder.
    pub fn new(folders: Vec<PathBuf>, sysroot: Option<PathBuf>) -> Self {
        let default = || default_sysroots().into_iter().find(|folder| folder.is_dir());
        let sysroot = sysroot.or_else(default);
        Search { folders, sysroot, ..Search::default() }
    }

    /// Sets limits on the size of libraries, and of all modules of a program together.
    #[must_use]
    pub fn within(mut self, limits: InputLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Uses a file as the system library `library`, such as `libc`, instead of the one in the
    /// sysroot.
    ///
    /// # Errors
    ///
    /// [`Error::NoSystemLibrary`] if no system library has this name, the errors of
    /// [`read`](crate::read), and [`Error::Replacement`] if the file is not a shared library.
    pub fn replace(mut self, library: &str, path: &Path) -> Result<Self, Error> {
        let file = system_file(library)
            .ok_or_else(|| Error::NoSystemLibrary { name: library.to_owned() })?;
        let input = input::read_within(path, &self.limits)?;
        if input.module.kind != Kind::SharedLibrary {
            let (path, kind) = (path.to_owned(), input.module.kind);
            return Err(Error::Replacement { name: library.to_owned(), path, kind });
        }
        self.replacements.insert(file, input.into_replacement());
        Ok(self)
    }

    /// Returns whether the folder of the system libraries exists.
    pub fn has_sysroot(&self) -> bool {
        self.sysroot.as_ref().is_some_and(|folder| folder.join("libc.wasm").is_file())
    }

    /// Returns the folders that are searched for the system libraries.
    pub fn sysroots(&self) -> Vec<PathBuf> {
        self.sysroot.clone().map_or_else(default_sysroots, |folder| vec![folder])
    }

    /// Returns the folders that are searched for a library by its name alone. They do not include
    /// the sysroot for a system library, which [`LibrarySource::system`] finds.
    pub(crate) fn folders(&self, name: &str) -> Vec<SearchFolder> {
        let sysroot = self.sysroot.iter().filter(|_| linker::system_library(name).is_none());
        self.folders.iter().chain(sysroot).cloned().map(SearchFolder::folder).collect()
    }

    /// Returns whether a folder is one of the folders of this search, or inside of one.
    pub(crate) fn holds(&self, folder: &Path) -> bool {
        let Ok(real) = or_current(folder).canonicalize() else { return false };
        let mut named = self.folders.iter().filter_map(|named| named.canonicalize().ok());
        named.any(|named| real.starts_with(named))
    }

    /// Returns the library in the first folder that has it. The error lists all folders that were
    /// searched.
    fn first(&self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        let mut tried = Vec::new();
        let below = runtime_path(by).map(|part| SearchFolder::below(by, part));
        for place in below.chain(self.folders(name).into_iter().map(Ok)) {
            match place.and_then(|place| Ok((place.open_file(name)?, place))) {
                Ok((file, place)) => {
                    let read = place.read(&file, name, &self.limits);
                    return read.map_err(|error| bad(name, by, &error));
                }
                Err(reason) => tried.push(reason),
            }
        }
        tried.extend(self.tried_system(name));
        Err(not_found(name, by, tried))
    }

    /// Returns the path at which a system library was expected.
    fn tried_system(&self, name: &str) -> Option<String> {
        let file = self.sysroot.as_ref()?.join(linker::system_library(name)?);
        Some(file.display().to_string())
    }
}

/// Returns the file of the system library with exactly this name.
fn system_file(name: &str) -> Option<&'static str> {
    linker::system_libraries().find(|file| linker::module_name(file) == name)
}

/// Returns the default folders of the system libraries, next to the running executable.
fn default_sysroots() -> Vec<PathBuf> {
    let program = env::current_exe().ok();
    let folder = program.as_deref().and_then(Path::parent);
    let beside = folder.map(|folder| folder.join("sysroot"));
    let target = folder.and_then(Path::parent);
    let built = target.map(|target| target.join("guests").join("sysroot"));
    [beside, built].into_iter().flatten().collect()
}

impl LibrarySource for Search {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        if by.is_system() && linker::system_library(name).is_some() {
            return Err(not_found(name, by, self.tried_system(name).into_iter().collect()));
        }
        self.first(name, by)
    }

    fn system(&mut self, file: &str) -> Option<InputModule> {
        let replacement = self.replacements.get(file).cloned();
        replacement.or_else(|| input::read(&self.sysroot.as_ref()?.join(file)).ok())
    }

    fn limits(&self) -> InputLimits {
        self.limits
    }
}

/// A folder that is searched for libraries.
#[derive(Debug, Clone)]
pub(crate) struct SearchFolder {
    folder: PathBuf,
    /// The path from there, if files outside of `folder` must not be opened, whatever links there
    /// are.
    below: Option<PathBuf>,
}

impl SearchFolder {
    fn folder(folder: PathBuf) -> Self {
        SearchFolder { folder, below: None }
    }

    /// Returns the folder that a part of a module's runtime path names. It must be the module's
    /// folder or one below it: modules are not trusted to name other folders of this machine.
    ///
    /// # Errors
    ///
    /// The reason why the part is not followed.
    pub(crate) fn below(by: &InputModule, part: &str) -> Result<Self, String> {
        let below = from_origin(part).and_then(inside).map(Some);
        let below = below.ok_or_else(|| refused(part, by, NOT_BELOW))?;
        let folder = by.origin.clone().ok_or_else(|| refused(part, by, NO_ORIGIN))?;
        Ok(SearchFolder { folder, below })
    }

    /// Returns the path of the library with this name in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Returns the path of the folder.
    pub(crate) fn path(&self) -> PathBuf {
        let mut path = self.folder.clone();
        path.extend(&self.below);
        path
    }

    /// Opens the library with this name.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or if a link leads out of a folder that confines it.
    pub(crate) fn open(&self, name: &str) -> io::Result<File> {
        match &self.below {
            None => File::open(self.file(name)),
            Some(below) => {
                let host = or_current(&self.folder).to_owned();
                directory::open(&Directory::new(host, "."), &below.join(name))
            }
        }
    }

    /// Opens the library with this name if it is a file: opening a pipe would wait. The error is
    /// its path, with the reason if there is a file.
    fn open_file(&self, name: &str) -> Result<File, String> {
        let path = self.file(name);
        if !path.is_file() {
            return Err(path.display().to_string());
        }
        self.open(name).map_err(|error| format!("{}, but {error}", path.display()))
    }

    fn read(&self, file: &File, name: &str, limits: &InputLimits) -> Result<InputModule, Error> {
        let path = self.file(name);
        let mut input = input::read_file(file, &path, limits)?;
        input.origin = path.parent().map(Path::to_owned);
        input.opened_as = Some(name.to_owned());
        input.file = Some(path);
        Ok(input)
    }
}

/// Returns the folder itself, or the current folder if its path is empty.
pub(crate) fn or_current(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

const NOT_BELOW: &str = "a runtime path is followed only to folders at or below $ORIGIN";
const NO_ORIGIN: &str = "$ORIGIN is not known, since the module was not read from a folder";

/// Returns the parts of a module's runtime path, in order. An entry can have several.
pub(crate) fn runtime_path(module: &InputModule) -> impl Iterator<Item = &str> {
    let entries = module.module.dylink.iter().flat_map(|dylink| &dylink.runtime_path);
    entries.flat_map(|entry| entry.split(':')).filter(|part| !part.is_empty())
}

/// Returns the rest of a part of a runtime path that starts with `$ORIGIN`, the module's folder.
pub(crate) fn from_origin(part: &str) -> Option<&str> {
    let rest = part.strip_prefix("$ORIGIN").or_else(|| part.strip_prefix("${ORIGIN}"))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Returns a path only if it stays inside of the folder that it starts from, on every system.
fn inside(path: &str) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in path.split('/').filter(|component| !matches!(*component, "" | ".")) {
        let mut parts = Path::new(component).components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(name)), None) if !component.contains(['\\', '\0']) => {
                inside.push(name);
            }
            _ => return None,
        }
    }
    Some(inside)
}

/// Describes why a part of a module's runtime path was not followed.
pub(crate) fn refused(part: &str, by: &InputModule, reason: &str) -> String {
    format!("{}, of `{}`: {reason}", linker::printable(part), by.module.name)
}

pub(crate) fn bad(name: &str, by: &InputModule, message: &dyn std::fmt::Display) -> Fault {
    let (by, name) = (&by.module.name, linker::printable(name));
    Fault::BadLibrary { message: format!("`{by}` needs the library `{name}`: {message}") }
}

pub(crate) fn not_found(name: &str, by: &InputModule, tried: Vec<String>) -> Fault {
    Fault::LibraryNotFound { by: by.module.name.clone(), name: name.to_owned(), tried }
}
