//! emsdk, Emscripten's own installer: `setup` uses it if nothing else provides Emscripten.

use std::env;
use std::path::{MAIN_SEPARATOR, PathBuf};

use crate::support::project::Project;

const VERSION: &str = "3.1.69";
const URL: &str = "https://github.com/emscripten-core/emsdk.git";
/// An environment variable with a mirror of emsdk, for networks that do not reach the original.
const URL_VARIABLE: &str = "XTASK_EMSDK_URL";

/// Returns whether emsdk was cloned completely.
pub(super) fn is_cloned(project: &Project) -> bool {
    program(project).is_file()
}

/// Returns the commands that clone emsdk, unless that is done, and install Emscripten with it.
pub(super) fn commands(project: &Project) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    if !is_cloned(project) {
        commands.push(clone_command());
    }
    let program = program(project).display().to_string();
    for verb in ["install", "activate"] {
        commands.push(vec![program.clone(), verb.to_owned(), VERSION.to_owned()]);
    }
    commands
}

fn clone_command() -> Vec<String> {
    let url = env::var(URL_VARIABLE).unwrap_or_else(|_| URL.to_owned());
    let folder = format!(".tools{MAIN_SEPARATOR}emsdk");
    ["git", "clone", "--depth", "1", "--branch", VERSION, &url, &folder].map(str::to_owned).to_vec()
}

fn program(project: &Project) -> PathBuf {
    project.emsdk().join(if cfg!(windows) { "emsdk.bat" } else { "emsdk" })
}
