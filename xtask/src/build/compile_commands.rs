//! `target/compile_commands.json`: how each file in C and C++ of the guests is compiled, for clangd.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use xshell::Cmd;

use crate::support::files;
use crate::support::project::Project;

/// The name of the file, in each build folder too.
const NAME: &str = "compile_commands.json";

/// The command that compiles a file, as the list has it.
#[derive(Debug, Serialize)]
pub(crate) struct CompileCommand {
    directory: PathBuf,
    file: PathBuf,
    command: String,
}

impl CompileCommand {
    /// Describes a command that runs in a folder. `file` is relative to that.
    pub(crate) fn new(folder: &Path, file: &Path, command: &Cmd<'_>) -> Self {
        let (directory, command) = (folder.to_owned(), command.to_string());
        CompileCommand { directory, file: file.to_owned(), command }
    }
}

/// Records in a build folder how its files are compiled, as CMake does in its own.
///
/// # Errors
///
/// If the file cannot be written.
pub(crate) fn record(folder: &Path, commands: &[CompileCommand]) -> anyhow::Result<()> {
    files::replace(&folder.join(NAME), serde_json::to_string_pretty(commands)?.as_bytes())
}

/// Returns the file with the commands of all guests.
pub(crate) fn file(project: &Project) -> PathBuf {
    project.target.join(NAME)
}

/// Joins the lists in the build folders to one file. A list that is not there, or cannot be read, is
/// left out: not every generator of CMake writes one.
///
/// # Errors
///
/// If the file cannot be written.
pub(crate) fn write(project: &Project) -> anyhow::Result<()> {
    // Without guests of a kind, its folder does not exist.
    let folders = [project.cmake(), project.sources()].into_iter().map(fs::read_dir);
    let folders = folders.flatten().flatten().flatten();
    let mut lists: Vec<_> = folders.map(|folder| folder.path().join(NAME)).collect();
    lists.sort();
    let commands: Vec<_> = lists.iter().flat_map(|list| read(list)).collect();
    if commands.is_empty() {
        return Ok(());
    }
    let text = serde_json::to_string_pretty(&commands)? + "\n";
    files::replace(&file(project), text.as_bytes())
}

fn read(file: &Path) -> Vec<Value> {
    let text = files::read_text(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}
