//! Finds and reads the libraries that a program opens by name.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use linker::{Fault, InputModule};

use crate::directory::{self, Directory};
use crate::error::Error;
use crate::input;
use crate::lookup::Requester;
use crate::search::{self, Search, SearchFolder};

/// The number of files whose contents are kept in memory. Beyond that, all are read again.
const MAX_FILES: usize = 100;

/// The files that are searched for a program's libraries. Messages about them are for the guest, so
/// they use the guest's names of files.
#[derive(Debug, Clone, Default)]
pub struct Files {
    search: Search,
    /// Directories of the guest in which it may open libraries by path.
    directories: Option<Vec<Directory>>,
    /// Folders of the guest that are searched for libraries by name.
    library_path: Vec<String>,
    /// System libraries by file.
    system: HashMap<String, Option<InputModule>>,
    /// The modules that were read, with the time and the length of each file.
    read: HashMap<PathBuf, (SystemTime, u64, InputModule)>,
}

/// A library that was found.
#[derive(Debug, Clone)]
pub(crate) struct FoundLibrary {
    /// The file with all links resolved: two names of one file are one library.
    pub(crate) file: PathBuf,
    /// The path with which the guest can open it, or its name in a folder that the guest does not
    /// see.
    name: String,
    /// The folder that the guest does not see.
    place: Option<SearchFolder>,
}

/// The reason why no library was found.
#[derive(Debug)]
pub(crate) enum Missing {
    /// There is none with this name in the folders of libraries, nor in these places, in order.
    Nowhere(Vec<String>),
    /// The file with this name is not a library, or must not be opened.
    Refused(String),
}

impl Missing {
    /// Returns the message for the guest that requested a library with this name.
    pub(crate) fn message(self, name: &str) -> String {
        let nowhere = format!("there is no library `{}` in {FOLDERS}", linker::printable(name));
        match self {
            Missing::Refused(message) => message,
            Missing::Nowhere(tried) if tried.is_empty() => nowhere,
            Missing::Nowhere(tried) => {
                format!("{nowhere}; tried before:\n  {}", tried.join("\n  "))
            }
        }
    }
}

const FOLDERS: &str = "the folders of libraries (`-L`)";
const SYSROOT: &str = "the folder of the system libraries (`--sysroot`)";
const NOT_GIVEN: &str = "that is no folder in which the program may open libraries";

impl Files {
    /// Looks for libraries by name, in the folders of a search.
    pub fn new(search: Search) -> Self {
        Files { search, ..Files::default() }
    }

    /// Lets the guest also open libraries by path, in directories that it can read. The guest may
    /// have written such a library itself. All limits apply to its code, but nobody has chosen it.
    #[must_use]
    pub fn with_directories(mut self, directories: Vec<Directory>) -> Self {
        self.directories = Some(directories);
        self
    }

    /// Looks for libraries by name also in folders of the guest, before the folders of the search.
    /// `path` lists the folders like `LD_LIBRARY_PATH`. They must be in directories of
    /// [`Files::with_directories`], without which they have no effect.
    #[must_use]
    pub fn with_library_path(mut self, path: &str) -> Self {
        let folders = path.split([':', ';']).filter(|folder| !folder.is_empty());
        self.library_path = folders.map(str::to_owned).collect();
        self
    }

    /// Finds the library with a name. A name with a slash is a path of the guest. Other names are
    /// searched for, first in the runtime path of the module that requests the library.
    pub(crate) fn find(
        &self,
        name: &str,
        by: Option<&InputModule>,
    ) -> Result<FoundLibrary, Missing> {
        if name.is_empty() {
            let message = "the library's name is empty; the program itself is opened by NULL";
            return Err(Missing::Refused(message.to_owned()));
        }
        if name.contains(std::path::is_separator) {
            return self.at_path(name).map_err(Missing::Refused);
        }
        let mut tried = Vec::new();
        let requester = by.map(Requester::of);
        let below = by.zip(requester.as_ref()).into_iter().flat_map(|(by, requester)| {
            let parts = requester.runtime_path.iter();
            parts.map(move |part| self.in_runtime_path(name, by, requester, part))
        });
        let listed = self.library_path.iter().map(|folder| self.at_path(&join(folder, name)));
        for found in below.chain(listed) {
            match found {
                Ok(found) => return Ok(found),
                Err(reason) => tried.push(reason),
            }
        }
        let mut folders = self.search.folders(name).into_iter();
        match folders.find(|place| place.file(name).exists()) {
            Some(place) => in_folder(name, place).map_err(Missing::Refused),
            None => Err(Missing::Nowhere(tried)),
        }
    }

    /// Finds a library in a part of a module's runtime path. The part is a path of the guest,
    /// unless it is relative to a module in a folder that only the host knows.
    fn in_runtime_path(
        &self,
        name: &str,
        by: &InputModule,
        requester: &Requester,
        part: &str,
    ) -> Result<FoundLibrary, String> {
        let Some(rest) = search::from_origin(part) else { return self.at_path(&join(part, name)) };
        if let Some(folder) = self.guest_folder(by) {
            return self.at_path(&join(&(folder.trim_end_matches('/').to_owned() + rest), name));
        }
        let place = SearchFolder::below(requester, part)?;
        if !by.origin.as_deref().is_some_and(|origin| self.search.holds(origin)) {
            return Err(search::refused(part, requester, NOT_GIVEN));
        }
        in_folder(name, place).map_err(|_| join(part, name))
    }

    /// Returns the guest's path of the folder of a module, if the guest may open libraries there.
    fn guest_folder(&self, module: &InputModule) -> Option<String> {
        let path = module.opened_as.as_deref();
        if let Some((folder, _)) = path.and_then(|path| path.rsplit_once('/')) {
            return Some(folder.to_owned());
        }
        let origin = search::or_current(module.origin.as_deref()?).canonicalize().ok()?;
        self.directories.iter().flatten().find_map(|Directory { host, guest }| {
            let rest = origin.strip_prefix(host.canonicalize().ok()?).ok()?.to_owned();
            let parts = rest.components().map(|part| part.as_os_str().to_string_lossy());
            Some(parts.fold(guest.clone(), |folder, part| join(&folder, &part)))
        })
    }

    /// Finds a library by a path of the guest.
    fn at_path(&self, path: &str) -> Result<FoundLibrary, String> {
        let file = real_file(path, &self.in_directories(path)?)?;
        Ok(FoundLibrary { file, name: path.to_owned(), place: None })
    }

    /// Returns the guest's directory that contains a path, and the rest of the path.
    fn directory_of(&self, name: &str) -> Result<(&Directory, PathBuf), String> {
        let shown = linker::printable(name);
        let Some(directories) = &self.directories else {
            return Err(format!(
                "`{shown}` is a path, and this program may open libraries only by name, in the \
                 folders of \
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
        // A link can lead out of the directory.
        if !host.canonicalize().is_ok_and(|host| real.starts_with(host)) {
            return Err(outside(name));
        }
        Ok(real)
    }

    /// Opens a library that was found. A file in a directory of the guest is opened with the
    /// guest's own checks, because it may since have been replaced by a link that leads out.
    fn open(&self, found: &FoundLibrary) -> Result<File, String> {
        let failed =
            |error: io::Error| Error::Read { path: PathBuf::from(&found.name), error }.to_string();
        if let Some(place) = &found.place {
            return place.open(&found.name).map_err(failed);
        }
        let (directory, rest) = self.directory_of(&found.name)?;
        directory::open(directory, &rest).map_err(failed)
    }

    /// Reads a library that was found.
    pub(crate) fn read(&mut self, found: &FoundLibrary) -> Result<InputModule, String> {
        let mut input = self.read_file(found)?;
        input.opened_as = Some(found.name.clone());
        input.origin = found.place.as_ref().map(SearchFolder::path);
        Ok(input)
    }

    /// Reads a file, unless it is unchanged since it was last read.
    fn read_file(&mut self, found: &FoundLibrary) -> Result<InputModule, String> {
        let (opened, file) = (self.open(found)?, &found.file);
        let written = opened.metadata().and_then(|data| Ok((data.modified()?, data.len()))).ok();
        if let Some((time, length, input)) = self.read.get(file)
            && written == Some((*time, *length))
        {
            return Ok(input.clone());
        }
        let input = self.read_again(&opened, found)?;
        if self.read.len() >= MAX_FILES {
            self.read.clear();
        }
        if let Some((time, length)) = written {
            self.read.insert(file.clone(), (time, length, input.clone()));
        }
        Ok(input)
    }

    fn read_again(&self, opened: &File, found: &FoundLibrary) -> Result<InputModule, String> {
        let limits = linker::LibrarySource::limits(&self.search);
        let read = input::read_file(opened, Path::new(&found.name), &limits);
        let mut input = read.map_err(|error| error.to_string())?;
        input.file = Some(found.file.clone());
        Ok(input)
    }
}

fn join(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

/// Finds the library with a name in a folder.
fn in_folder(name: &str, place: SearchFolder) -> Result<FoundLibrary, String> {
    let file = real_file(name, &place.file(name))?;
    Ok(FoundLibrary { file, name: name.to_owned(), place: Some(place) })
}

/// Resolves the links of a path that was found for a name. The result must be a file.
fn real_file(name: &str, found: &Path) -> Result<PathBuf, String> {
    let shown = linker::printable(name);
    let real = found.canonicalize().map_err(|_| format!("there is no file `{shown}`"))?;
    match fs::metadata(&real) {
        Ok(data) if data.is_file() => Ok(real),
        Ok(data) if data.is_dir() => Err(format!("`{shown}` is a folder, not a library")),
        // Opening a pipe would wait.
        _ => Err(format!("`{shown}` is no file")),
    }
}

fn outside(name: &str) -> String {
    let shown = linker::printable(name);
    format!("`{shown}` is outside of the directories that the program was given")
}

/// Removes `.`, `..` and the root from a path: the guest's directories have paths relative to the
/// root.
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

impl linker::LibrarySource for Files {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        if by.is_system() && linker::system_library(name).is_some() {
            return Err(search::not_found(name, by, vec![SYSROOT.to_owned()]));
        }
        match self.find(name, Some(by)) {
            Ok(found) => self.read(&found).map_err(|message| search::bad(name, by, &message)),
            Err(Missing::Refused(message)) => Err(search::bad(name, by, &message)),
            Err(Missing::Nowhere(tried)) => {
                let tried = tried.into_iter().chain([FOLDERS.to_owned()]).collect();
                Err(search::not_found(name, by, tried))
            }
        }
    }

    /// Returns a system library. Each is read once.
    fn system(&mut self, file: &str) -> Option<InputModule> {
        let read = || linker::LibrarySource::system(&mut self.search, file);
        self.system.entry(file.to_owned()).or_insert_with(read).clone()
    }

    fn limits(&self) -> linker::InputLimits {
        linker::LibrarySource::limits(&self.search)
    }
}
