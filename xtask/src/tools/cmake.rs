//! CMake projects, each in a build folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context;
use xshell::{Cmd, Shell, cmd};

use crate::support::files;
use crate::support::process;
use crate::support::progress::Step;

/// How a project is built.
pub(crate) struct Build<'a> {
    pub(crate) folder: PathBuf,
    /// The command that configures the folder.
    pub(crate) configure: Cmd<'a>,
    /// What the folder is configured with.
    pub(crate) configuration: Configuration,
    /// The command that builds in the folder.
    pub(crate) build: Cmd<'a>,
    /// The files that it makes.
    pub(crate) files: Vec<PathBuf>,
}

impl Build<'_> {
    /// Configures the folder if that is stale, and builds in it; returns the files.
    ///
    /// # Errors
    ///
    /// When CMake or what it calls fails.
    pub(crate) fn run(self, step: &Step<'_>) -> anyhow::Result<Vec<PathBuf>> {
        if !self.configuration.holds(&self.folder) {
            files::remove(&self.folder)?;
            process::run(step, self.configure)?;
        }
        // While tools work in the folder nothing tells what it was configured with: if they are killed, or this program
        // is, they may leave half a file that is newer than its sources.
        Configuration::forget(&self.folder)?;
        let built = process::run(step, self.build);
        if built.is_err() {
            // So may a linker that was killed, which CMake tells as any other failure.
            self.files.iter().try_for_each(|file| files::remove(file).map(drop))?;
        }
        let recorded = match process::ended_by_itself(&built) {
            true => self.configuration.record(&self.folder),
            false => Ok(()),
        };
        built.and(recorded)?;
        Ok(self.files)
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

/// The build folder of a project, beside those of others: one inside the other would go with it.
pub(crate) fn folder_name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("+")
}

/// What a CMake folder was configured with: with anything else it must be made anew, since CMake
/// neither follows a moved project nor rebuilds when a compiler changes in place.
pub(crate) struct Configuration(String);

impl Configuration {
    pub(crate) fn new(parts: &[&str]) -> Self {
        Configuration(parts.iter().map(|part| format!("{part}\n")).collect())
    }

    fn file(folder: &Path) -> PathBuf {
        folder.join("configured-with.txt")
    }

    fn holds(&self, folder: &Path) -> bool {
        fs::read_to_string(Self::file(folder)).is_ok_and(|text| text == self.0)
    }

    fn forget(folder: &Path) -> anyhow::Result<()> {
        files::remove(&Self::file(folder)).map(drop)
    }

    fn record(&self, folder: &Path) -> anyhow::Result<()> {
        let file = Self::file(folder);
        fs::write(&file, &self.0).with_context(|| format!("cannot write `{}`", file.display()))
    }
}
