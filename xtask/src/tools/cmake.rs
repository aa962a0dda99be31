//! Builds CMake projects, each in a build folder of its own.

use std::path::{Path, PathBuf};
use std::thread;

use xshell::{Cmd, Shell, cmd};

use crate::support::files;
use crate::support::process;
use crate::support::progress::Step;

/// The option by which CMake writes how it compiles each file, for editors.
const COMPILE_COMMANDS: &str = "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON";

/// A build of a CMake project.
pub(crate) struct CmakeBuild<'a> {
    pub(crate) folder: PathBuf,
    /// The command that configures the folder.
    pub(crate) configure: Cmd<'a>,
    /// Everything that the folder is configured with.
    pub(crate) configuration: Configuration,
    /// The command that builds in the folder.
    pub(crate) build: Cmd<'a>,
    /// The files that the build writes.
    pub(crate) files: Vec<PathBuf>,
}

impl CmakeBuild<'_> {
    /// Configures the folder if necessary, builds in it, and returns the files.
    ///
    /// # Errors
    ///
    /// If CMake fails, or a tool that it calls.
    pub(crate) fn run(self, step: &Step<'_>) -> anyhow::Result<Vec<PathBuf>> {
        if !self.configuration.is_recorded(&self.folder) {
            files::remove(&self.folder)?;
            process::run(step, self.configure.arg(COMPILE_COMMANDS))?;
        }
        // A tool that is killed may leave half a file that is newer than its sources. So the record
        // is removed while tools work in the folder: if it is missing, the next build starts over.
        Configuration::forget(&self.folder)?;
        let built = process::run(step, self.build);
        if built.is_err() {
            // A linker that was killed may leave half a file too. CMake reports that like any other
            // failure.
            self.files.iter().try_for_each(|file| files::remove(file).map(drop))?;
        }
        if process::has_exited(&built) {
            self.configuration.record(&self.folder)?;
        }
        built.map(|()| self.files)
    }
}

/// Returns the command that builds targets in a folder.
pub(crate) fn build_command<'s>(
    sh: &'s Shell,
    cmake: &Path,
    folder: &Path,
    targets: &[&str],
) -> Cmd<'s> {
    let parallel = thread::available_parallelism().map_or(1, usize::from).to_string();
    cmd!(sh, "{cmake} --build {folder} --parallel {parallel} --target {targets...}")
}

/// Returns the name of the build folder of the project at `path`. No project's folder is inside
/// that of another, where it would be removed with it.
pub(crate) fn folder_name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("+")
}

/// Everything that a build folder was configured with. If any of it changes, the folder must be
/// removed first: CMake neither follows a moved project nor rebuilds for another compiler at the
/// same path.
pub(crate) struct Configuration(String);

impl Configuration {
    pub(crate) fn new(parts: &[&str]) -> Self {
        let parts = parts.iter().chain([&COMPILE_COMMANDS]);
        Configuration(parts.map(|part| format!("{part}\n")).collect())
    }

    fn file(folder: &Path) -> PathBuf {
        folder.join("configured-with.txt")
    }

    fn is_recorded(&self, folder: &Path) -> bool {
        files::has_text(&Self::file(folder), &self.0)
    }

    fn forget(folder: &Path) -> anyhow::Result<()> {
        files::remove(&Self::file(folder)).map(drop)
    }

    fn record(&self, folder: &Path) -> anyhow::Result<()> {
        files::write(&Self::file(folder), &self.0)
    }
}
