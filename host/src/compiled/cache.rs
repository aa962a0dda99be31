//! A cache of compiled code in a folder of the user.
//!
//! An entry is a file whose name is its [`Key`]. It has the code, and a record of what else must be
//! the same for the code to be used. It is written to a temporary file and then renamed. A reader
//! therefore sees a complete entry or none, even if several processes write at the same time or one
//! is killed. An entry that is damaged, or was written for another key, is ignored.
//!
//! Machine code is not validated, so it is trusted only if nobody else can have written it: the
//! folder and the entry must belong to this user, and nobody else may have permission to write to
//! them.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::code::{Code, SerializedCode};
use super::entry::{Entry, Image};
use super::key::Key;
use crate::error::Error;

/// A folder of compiled code, so that the same modules are compiled only once.
///
/// Any number of processes of one user can share it. If the cache cannot be used, programs are
/// compiled without it, and [`Program::cache_error`](crate::Program::cache_error) returns the
/// reason. Do not give a guest a [`Directory`](crate::Directory) that contains the folder: the host
/// would run what the guest writes there as machine code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    limit: u64,
}

/// The contents of a [`Cache`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheUsage {
    /// The number of entries. Each program and each library that was opened is an entry.
    pub entries: usize,
    /// The size of all files, in bytes.
    pub bytes: u64,
}

/// The reason why a [`Cache`] was not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The folder or an entry belongs to another user.
    #[error("`{}` belongs to another user, who could have put any code there", path.display())]
    Owner { path: PathBuf },
    /// Other users can write to the folder or an entry.
    #[error(
        "`{}` can be written to by other users, who could put any code there: `chmod go-w` takes \
         it from them",
        path.display()
    )]
    Permissions { path: PathBuf },
    /// The folder is a file, or an entry is no regular file.
    #[error("`{}` is no {expected}", path.display())]
    Kind { path: PathBuf, expected: FileKind },
    /// The folder or an entry cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    /// An entry cannot be written or removed.
    #[error("cannot write to `{}`: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
}

/// A kind of entry in a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
}

impl std::fmt::Display for FileKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FileKind::File => "file",
            FileKind::Folder => "folder",
        })
    }
}

const DEFAULT_LIMIT: u64 = 512 << 20;
const ENTRY: &str = ".code";
const UNFINISHED: &str = "unfinished-";
/// The age from which an unfinished file is removed, since its writer is no longer there.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

impl Cache {
    /// Uses a folder, which is created when the first entry is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Cache { folder: folder.into(), limit: DEFAULT_LIMIT }
    }

    /// Returns the cache of this user, in the system's folder for caches: `$XDG_CACHE_HOME` or
    /// `~/.cache`, on macOS `~/Library/Caches`, on Windows the local application data. Returns
    /// `None` if there is no such folder.
    pub fn of_user() -> Option<Self> {
        let set = |name| env::var_os(name).map(PathBuf::from);
        let base = if cfg!(windows) {
            set("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            env::home_dir().map(|home| home.join("Library").join("Caches"))
        } else {
            // The specification requires that relative paths are ignored.
            let base = set("XDG_CACHE_HOME").filter(|folder| folder.is_absolute());
            base.or_else(|| Some(env::home_dir()?.join(".cache")))
        };
        let base = base.filter(|folder| folder.is_absolute())?;
        Some(Cache::new(base.join("wasm-host")))
    }

    /// Sets the maximum size of all entries together, in bytes. The default is 512 MiB. The least
    /// recently used entries are removed first.
    #[must_use]
    pub fn limit(self, bytes: u64) -> Self {
        Cache { limit: bytes, ..self }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the code of a key, from the cache or by compiling it. An entry is used only with
    /// this record. An error of the cache is returned with the code.
    pub(crate) fn code(
        &self,
        engine: &Engine,
        key: Key,
        record: &[u8],
        compile: impl FnOnce() -> Result<Code, Error>,
    ) -> Result<(Code, Option<CacheError>), Error> {
        let found = match self.find(key) {
            Ok(found) => found.filter(|kept| kept.record() == record),
            Err(error) => return Ok((compile()?, Some(error))),
        };
        if let Some(code) = found.and_then(|kept| kept.load(engine).ok()) {
            return Ok((code, None));
        }
        let code = compile()?;
        let kept = self.keep(key, || {
            let SerializedCode { outline, images } = code.serialize()?;
            Ok(Entry { record: record.to_vec(), outline, images })
        });
        Ok((code, kept.err()))
    }

    /// Returns the entry of a key, if it is complete and unchanged.
    ///
    /// # Errors
    ///
    /// If somebody else could have written it, or it cannot be opened.
    pub(crate) fn find(&self, key: Key) -> Result<Option<KeptCode>, CacheError> {
        open(&self.folder, FileKind::Folder)?;
        let Some(file) = open(&self.path(key), FileKind::File)? else { return Ok(None) };
        let Ok(Some(entry)) = Entry::read(&file, key.bytes(), self.limit) else { return Ok(None) };
        // Records the use. If that fails, the entry is only removed too early.
        let _ = file.set_modified(SystemTime::now());
        Ok(Some(KeptCode { entry }))
    }

    /// Returns the component of a key, from the cache or by compiling it. An error of the cache is
    /// returned with the component.
    pub(crate) fn component(
        &self,
        engine: &Engine,
        key: Key,
        compile: impl FnOnce() -> Result<Component, Error>,
    ) -> Result<(Component, Option<CacheError>), Error> {
        let found = match self.find(key) {
            Ok(found) => found,
            Err(error) => return Ok((compile()?, Some(error))),
        };
        if let Some(component) = found.and_then(|kept| kept.load_component(engine).ok()) {
            return Ok((component, None));
        }
        let component = compile()?;
        let kept = self.keep(key, || {
            let (record, outline) = (Vec::new(), Vec::new());
            Ok(Entry { record, outline, images: vec![component.serialize()?] })
        });
        Ok((component, kept.err()))
    }

    fn keep(
        &self,
        key: Key,
        serialize: impl FnOnce() -> wasmtime::Result<Entry<Vec<u8>>>,
    ) -> Result<(), CacheError> {
        let error = |error| CacheError::Write { path: self.folder.clone(), error };
        private_folder().create(&self.folder).map_err(error)?;
        open(&self.folder, FileKind::Folder)?;
        let entry = serialize().map_err(|e| error(io::Error::other(e.to_string())))?;
        if entry.size() > self.limit {
            return Ok(());
        }
        let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder);
        let mut unfinished: NamedTempFile = unfinished.map_err(error)?;
        entry.write(&mut unfinished, key.bytes()).map_err(error)?;
        unfinished.persist(self.path(key)).map_err(|e| error(e.error))?;
        self.trim(key).map_err(error)
    }

    /// Removes the least recently used entries, except one, and abandoned unfinished files.
    fn trim(&self, but: Key) -> io::Result<()> {
        let newest = self.path(but);
        let mut files = self.files()?;
        files.sort_by_key(|file| (file.path == newest, file.used));
        let mut size: u64 = files.iter().map(|file| file.size).sum();
        for file in files {
            let is_abandoned = file.used.elapsed().is_ok_and(|age| age > ABANDONED);
            let goes = if file.is_entry { size > self.limit } else { is_abandoned };
            if goes && file.path != newest {
                remove(&file.path)?;
                size -= file.size;
            }
        }
        Ok(())
    }

    /// Returns the number and the size of the entries.
    ///
    /// # Errors
    ///
    /// [`CacheError::Read`] if the folder exists but cannot be read.
    pub fn usage(&self) -> Result<CacheUsage, CacheError> {
        let files = self.files().map_err(|error| self.unreadable(error))?;
        let entries = files.iter().filter(|file| file.is_entry).count();
        Ok(CacheUsage { entries, bytes: files.iter().map(|file| file.size).sum() })
    }

    /// Removes all entries and returns how many there were. Other files in the folder stay.
    ///
    /// # Errors
    ///
    /// [`CacheError::Read`] or [`CacheError::Write`] if an entry cannot be removed.
    pub fn clear(&self) -> Result<CacheUsage, CacheError> {
        let usage = self.usage()?;
        for file in self.files().map_err(|error| self.unreadable(error))? {
            let failed = |error| CacheError::Write { path: self.folder.clone(), error };
            remove(&file.path).map_err(failed)?;
        }
        Ok(usage)
    }

    fn unreadable(&self, error: io::Error) -> CacheError {
        CacheError::Read { path: self.folder.clone(), error }
    }

    /// Returns the files of the cache, and no other files in its folder.
    fn files(&self) -> io::Result<Vec<CacheFile>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_entry = name.strip_suffix(ENTRY).is_some_and(is_key);
            if !is_entry && !name.starts_with(UNFINISHED) {
                continue;
            }
            // Another process may have removed the file.
            let Ok(data) = entry.metadata() else { continue };
            let used = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push(CacheFile { path: entry.path(), is_entry, size: data.len(), used });
        }
        Ok(files)
    }

    fn path(&self, key: Key) -> PathBuf {
        let name: String = key.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{name}{ENTRY}"))
    }
}

/// A file of a cache.
struct CacheFile {
    path: PathBuf,
    /// Whether the file is an entry. Otherwise it is unfinished.
    is_entry: bool,
    size: u64,
    used: SystemTime,
}

/// Code from an entry that only this user can have written.
pub(crate) struct KeptCode {
    entry: Entry<Image>,
}

impl KeptCode {
    /// Returns the bytes that were kept with the code.
    pub(crate) fn record(&self) -> &[u8] {
        &self.entry.record
    }

    /// Loads the code.
    ///
    /// # Errors
    ///
    /// If it was compiled for another processor or other settings than those of the engine.
    pub(crate) fn load(self, engine: &Engine) -> wasmtime::Result<Code> {
        let Entry { outline, images, .. } = self.entry;
        // SAFETY: `Code::serialize` has written the images, unless it was this user or the system's
        // administrator who means to deceive: the file that was opened, as the folder, belongs to
        // this user, and nobody else can write to it (`open`). What may happen by accident is
        // excluded too: these are the bytes that were written (`Entry::read`), for this version and
        // program (the key). They stay so: entries are replaced and removed, never changed.
        let modules = images.into_iter().map(|image| unsafe { image.load_module(engine) });
        Code::of_modules(&outline, modules)
    }

    /// Loads a component.
    ///
    /// # Errors
    ///
    /// If it was compiled for another processor or other settings than those of the engine.
    fn load_component(mut self, engine: &Engine) -> wasmtime::Result<Component> {
        let image = self.entry.images.pop();
        let image = image.ok_or_else(|| wasmtime::Error::msg("a component is missing"))?;
        // SAFETY: `Component::serialize` has written the image, for the reasons in `load`: the key
        // is one of a component.
        unsafe { image.load_component(engine) }
    }
}

fn is_key(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Removes a file. Another process may already have removed it.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns the builder of the cache's folder, and of the folders above it that do not exist.
fn private_folder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Opens a file or folder if it belongs to this user and nobody else can write to it. Returns
/// `None` if it does not exist. The checks apply to what was opened, so the file cannot be
/// exchanged in between.
#[cfg(unix)]
fn open(path: &Path, expected: FileKind) -> Result<Option<File>, CacheError> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    use rustix::fs::OFlags;

    let path = path.to_owned();
    // A link could lead to a file with another purpose, and opening a pipe would wait.
    let flags = if expected == FileKind::File { OFlags::NOFOLLOW } else { OFlags::DIRECTORY };
    let flags = (flags | OFlags::NONBLOCK).bits().cast_signed();
    let opened = fs::OpenOptions::new().read(true).custom_flags(flags).open(&path);
    let file = match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(_) if expected == FileKind::File && path.is_symlink() => {
            return Err(CacheError::Kind { path, expected });
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(CacheError::Kind { path, expected });
        }
        Err(error) => return Err(CacheError::Read { path, error }),
        Ok(file) => file,
    };
    let data = match file.metadata() {
        Err(error) => return Err(CacheError::Read { path, error }),
        Ok(data) => data,
    };
    if expected == FileKind::File && !data.is_file() {
        return Err(CacheError::Kind { path, expected });
    }
    if data.uid() != rustix::process::geteuid().as_raw() {
        return Err(CacheError::Owner { path });
    }
    if data.mode() & 0o022 != 0 {
        return Err(CacheError::Permissions { path });
    }
    Ok(Some(file))
}

/// Opens a file. Returns `None` if it does not exist or is a folder. Other users cannot write to
/// the local application data; whoever chooses another folder is responsible for its permissions.
#[cfg(not(unix))]
fn open(path: &Path, expected: FileKind) -> Result<Option<File>, CacheError> {
    let path = path.to_owned();
    if expected == FileKind::Folder {
        return match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CacheError::Read { path, error }),
            Ok(data) if !data.is_dir() => Err(CacheError::Kind { path, expected }),
            Ok(_) => Ok(None),
        };
    }
    // Opened for writing, to record the time of its last use.
    match fs::OpenOptions::new().read(true).write(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CacheError::Read { path, error }),
        Ok(file) => Ok(Some(file)),
    }
}
