//! Finds the tools that are installed, and asks for their versions.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::process;
use crate::support::project::Project;
use crate::tools::emscripten;
use crate::tools::rust;
use crate::tools::tool::Tool;

/// Returns the path of a tool's program, or the folder of a Rust target's libraries. Returns `None`
/// if the tool is not installed.
pub(crate) fn find(project: &Project, tool: Tool) -> Option<PathBuf> {
    match tool {
        Tool::RustTarget(triple) => rust::target_libraries(triple),
        Tool::Emscripten => emscripten::find_emcmake(project),
        Tool::Pip => programs(tool).find(|python| has_pip(python)),
        _ => programs(tool).next(),
    }
}

/// Returns the programs on `PATH` that provide a tool.
fn programs(tool: Tool) -> impl Iterator<Item = PathBuf> {
    tool.programs().iter().filter_map(|program| which::which(program).ok())
}

/// Returns whether a Python has pip.
fn has_pip(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "--version"]);
    process::read(command).is_ok()
}

/// Finds a tool like [`find`].
///
/// # Errors
///
/// If it is not installed, with the way to install it.
pub(crate) fn require(project: &Project, tool: Tool) -> anyhow::Result<PathBuf> {
    find(project, tool).ok_or_else(|| tool.missing())
}

/// Returns the tools that are not installed.
pub(crate) fn missing(project: &Project) -> Vec<Tool> {
    Tool::ALL.into_iter().filter(|&tool| find(project, tool).is_none()).collect()
}

/// Returns the version of a tool, as the tool itself prints it.
pub(crate) fn version(tool: Tool, path: &Path) -> Option<String> {
    match tool {
        Tool::Emscripten => Some(emscripten::version(path)),
        Tool::RustTarget(_) => None,
        _ => {
            let mut command = Command::new(path);
            command.arg("--version");
            process::read(command).ok()?.lines().next().map(str::to_owned)
        }
    }
}
