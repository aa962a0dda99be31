//! Finds libraries: in the runtime path of the module that needs one, in the folders of the search,
//! and in the folder of the system libraries.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::hash::Hash;
use std::io;
use std::path::{Component, Path, PathBuf};

use linker::{Fault, InputLimits, InputModule, Kind, LibrarySource, SharedBytes};

use crate::digest::Digest;
use crate::directory::{self, Directory};
use crate::error::Error;
use crate::input;
use crate::lookup::{Lookup, Requester};

/// The folders that are searched for libraries that modules need, and the system libraries.
#[derive(Debug, Clone, Default)]
pub struct Search {
    folders: Vec<PathBuf>,
    sysroot: Option<PathBuf>,
    /// Modules that replace system libraries, by the file that each replaces.
    replacements: BTreeMap<&'static str, InputModule>,
    limits: InputLimits,
    /// The results of all lookups, if they are recorded.
    lookups: Option<Vec<Lookup<SharedBytes>>>,
    /// The symbols that a program must define although no module imports them.
    required: Vec<String>,
}

impl Search {
    /// Searches `folders` in order. `sysroot` is the folder of the system libraries. If it is
    /// `None`, the first of these that exists is used: `sysroot` next to the running executable,
    /// and `../lib/host/sysroot` and `../guests/sysroot` relative to the executable's folder.
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

    /// Requires symbols that the program must define although no module imports them. A system
    /// library that defines one joins.
    #[must_use]
    pub fn require(mut self, symbols: &[String]) -> Self {
        self.required.extend_from_slice(symbols);
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

    /// Finds the library in the first folder that has it. The error lists all folders that were
    /// searched.
    fn locate(&self, name: &str, by: &Requester) -> Result<LibraryFile, Vec<String>> {
        let mut tried = Vec::new();
        let below = by.runtime_path.iter().map(|part| SearchFolder::below(by, part));
        for place in below.chain(self.folders(name).into_iter().map(Ok)) {
            match place.and_then(|place| place.open_file(name)) {
                Ok(found) => return Ok(found),
                Err(reason) => tried.push(reason),
            }
        }
        tried.extend(self.tried_system(name));
        Err(tried)
    }

    /// Returns the paths at which the library `name`, which a module needs, is looked for, in order:
    /// in the runtime path of the module and in the folders of the search.
    pub fn candidates(&self, name: &str, by: &InputModule) -> Vec<PathBuf> {
        let by = Requester::of(by);
        let below = by.runtime_path.iter().filter_map(|part| SearchFolder::below(&by, part).ok());
        below.chain(self.folders(name)).map(|folder| folder.file(name)).collect()
    }

    fn record(&mut self, lookup: impl FnOnce() -> Lookup<SharedBytes>) {
        if let Some(lookups) = &mut self.lookups {
            lookups.push(lookup());
        }
    }

    /// Records all lookups from now on.
    pub(crate) fn recording(mut self) -> Self {
        self.lookups = Some(Vec::new());
        self
    }

    /// Returns the lookups that were recorded.
    pub(crate) fn into_lookups(self) -> Vec<Lookup<SharedBytes>> {
        self.lookups.unwrap_or_default()
    }

    /// Returns whether a lookup gives the same result again: a file with the same contents, or
    /// nothing.
    pub(crate) fn gives(&self, lookup: &Lookup) -> bool {
        match lookup {
            Lookup::Needed { name, by, found } => {
                let now = self.locate(name, by).ok();
                let now = now.map(|file| (file.digest(&self.limits), file.path));
                now == found.as_ref().map(|(path, digest)| (Some(*digest), path.clone()))
            }
            Lookup::System { file, found } => {
                let limit = InputLimits::default().max_module_size;
                let path = self.system_path(file);
                path.and_then(|path| Digest::at(&path, limit)) == *found
            }
        }
    }

    /// Returns the path of a system library in the sysroot.
    fn system_path(&self, file: &str) -> Option<PathBuf> {
        Some(self.sysroot.as_ref()?.join(file))
    }

    /// Returns everything that the result of a search depends on, but for files in the folders.
    pub(crate) fn identity(&self) -> impl Hash + '_ {
        let replacements = self.replacements.iter();
        let replacements = replacements.map(|(file, input)| (*file, &input.file, &input.bytes));
        let InputLimits { max_module_size, max_symbols, .. } = self.limits;
        let replacements = replacements.collect::<Vec<_>>();
        (&self.folders, &self.sysroot, replacements, max_module_size, max_symbols)
    }

    /// Returns the path at which a system library was expected.
    fn tried_system(&self, name: &str) -> Option<String> {
        let file = self.system_path(linker::system_library(name)?)?;
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
    let below =
        |folders: &[&str]| target.map(|target| target.join(folders.iter().collect::<PathBuf>()));
    let installed = below(&["lib", "host", "sysroot"]);
    let built = below(&["guests", "sysroot"]);
    [beside, installed, built].into_iter().flatten().collect()
}

impl LibrarySource for Search {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        if by.is_system() && linker::system_library(name).is_some() {
            return Err(not_found(name, by, self.tried_system(name).into_iter().collect()));
        }
        let requester = Requester::of(by);
        let file = match self.locate(name, &requester) {
            Ok(file) => file,
            Err(tried) => {
                self.record(|| Lookup::Needed {
                    name: name.to_owned(),
                    by: requester,
                    found: None,
                });
                return Err(not_found(name, by, tried));
            }
        };
        let contents = file.contents(&self.limits).map_err(|error| bad(name, by, &error))?;
        self.record(|| {
            let found = Some((file.path.clone(), contents.clone()));
            Lookup::Needed { name: name.to_owned(), by: requester, found }
        });
        file.module(contents, name, &self.limits).map_err(|error| bad(name, by, &error))
    }

    fn system(&mut self, file: &str) -> Option<InputModule> {
        if let Some(replacement) = self.replacements.get(file) {
            return Some(replacement.clone());
        }
        let path = self.system_path(file)?;
        let read = input::read_trusted(&path).ok();
        let found = read.as_ref().map(|(_, contents)| contents.clone());
        self.record(|| Lookup::System { file: file.to_owned(), found });
        read.map(|(input, _)| input)
    }

    fn required(&self) -> &[String] {
        &self.required
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
    pub(crate) fn below(by: &Requester, part: &str) -> Result<Self, String> {
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
    fn open_file(&self, name: &str) -> Result<LibraryFile, String> {
        let path = self.file(name);
        if !path.is_file() {
            return Err(path.display().to_string());
        }
        match self.open(name) {
            Ok(file) => Ok(LibraryFile { file, path }),
            Err(error) => Err(format!("{}, but {error}", path.display())),
        }
    }
}

/// A library that was found and is open.
struct LibraryFile {
    file: File,
    path: PathBuf,
}

impl LibraryFile {
    fn contents(&self, limits: &InputLimits) -> Result<SharedBytes, Error> {
        input::contents(&self.file, &self.path, limits)
    }

    fn digest(&self, limits: &InputLimits) -> Option<Digest> {
        Digest::of_file(&self.file, limits.max_module_size).ok().flatten()
    }

    /// Makes the module of the contents. `name` is the name by which it was needed.
    fn module(
        self,
        contents: SharedBytes,
        name: &str,
        limits: &InputLimits,
    ) -> Result<InputModule, Error> {
        let mut input = input::module(contents, &self.path, limits)?;
        input.origin = self.path.parent().map(Path::to_owned);
        input.opened_as = Some(name.to_owned());
        input.file = Some(self.path);
        Ok(input)
    }
}

/// Returns the folder itself, or the current folder if its path is empty.
pub(crate) fn or_current(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

const NOT_BELOW: &str = "a runtime path is followed only to folders at or below $ORIGIN";
const NO_ORIGIN: &str = "$ORIGIN is not known, since the module was not read from a folder";

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
pub(crate) fn refused(part: &str, by: &Requester, reason: &str) -> String {
    format!("{}, of `{}`: {reason}", linker::printable(part), by.name)
}

pub(crate) fn bad(name: &str, by: &InputModule, message: &dyn std::fmt::Display) -> Fault {
    let (by, name) = (&by.module.name, linker::printable(name));
    Fault::BadLibrary { message: format!("`{by}` needs the library `{name}`: {message}") }
}

pub(crate) fn not_found(name: &str, by: &InputModule, tried: Vec<String>) -> Fault {
    Fault::LibraryNotFound { by: by.module.name.clone(), name: name.to_owned(), tried }
}
