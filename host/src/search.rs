//! Where libraries are found.

use std::env;
use std::path::{Path, PathBuf};

use linker::{Fault, InputLimits, Library, Object};

use crate::program;

/// Folders with libraries that others name as needed, and the system libraries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    folders: Vec<PathBuf>,
    sysroot: Option<PathBuf>,
    limits: InputLimits,
}

impl Search {
    /// `folders` are searched in order; without a `sysroot` it is looked for beside this program.
    pub fn new(folders: Vec<PathBuf>, sysroot: Option<PathBuf>) -> Self {
        let default = || default_sysroots().into_iter().find(|folder| folder.is_dir());
        let sysroot = sysroot.or_else(default);
        Search { folders, sysroot, limits: InputLimits::default() }
    }

    /// Refuses libraries, and programs of modules, that are larger than that.
    #[must_use]
    pub fn within(mut self, limits: InputLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether there is a folder with the system libraries.
    pub fn has_sysroot(&self) -> bool {
        self.sysroot.as_ref().is_some_and(|folder| folder.join("libc.wasm").is_file())
    }

    /// The folders in which the system libraries are looked for.
    pub fn sysroots(&self) -> Vec<PathBuf> {
        self.sysroot.clone().map_or_else(default_sysroots, |folder| vec![folder])
    }

    /// The file of a library, whatever that is.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        self.candidates(name).into_iter().find(|path| path.exists())
    }

    fn candidates(&self, name: &str) -> Vec<PathBuf> {
        self.folders.iter().chain(&self.sysroot).map(|folder| folder.join(name)).collect()
    }
}

/// `sysroot` beside this program, else `../guests/sysroot` from it.
fn default_sysroots() -> Vec<PathBuf> {
    let program = env::current_exe().ok();
    let folder = program.as_deref().and_then(Path::parent);
    let beside = folder.map(|folder| folder.join("sysroot"));
    let target = folder.and_then(Path::parent);
    let built = target.map(|target| target.join("guests").join("sysroot"));
    [beside, built].into_iter().flatten().collect()
}

impl Library for Search {
    fn needed(&mut self, name: &str, by: &str) -> Result<Object, Fault> {
        let candidates = self.candidates(name);
        match candidates.iter().find(|path| path.is_file()) {
            Some(path) => program::read_within(path, &self.limits).map_err(|error| {
                let name = linker::printable(name);
                let message = format!("`{by}` needs the library `{name}`: {error}");
                Fault::BadLibrary { message }
            }),
            None => Err(Fault::LibraryNotFound {
                by: by.to_owned(),
                name: name.to_owned(),
                tried: candidates.iter().map(|path| path.display().to_string()).collect(),
            }),
        }
    }

    fn system(&mut self, file: &str) -> Option<Object> {
        program::read(&self.sysroot.as_ref()?.join(file)).ok()
    }

    fn limits(&self) -> InputLimits {
        self.limits
    }
}
