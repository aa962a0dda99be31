//! Finds an installed Emscripten.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};

/// The folder into which `cargo xtask setup` installs Emscripten where no package manager has it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/emsdk");

/// Returns the path of a program of Emscripten, such as `emcc`: on `PATH`, or in a folder where
/// Emscripten is usually installed.
///
/// # Errors
///
/// If it is not installed, with the way to install it.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    find(name).ok_or_else(|| {
        anyhow!(
            "`{name}` of Emscripten, which compiles C and C++ to WebAssembly, is not installed: \
             run `cargo xtask setup` in the workspace of `host`, or install Emscripten and put it \
             on `PATH`"
        )
    })
}

/// Prints the folder that a program of Emscripten is in, whatever links lead there.
///
/// # Errors
///
/// If the program has gone, or the folder cannot be printed.
pub(crate) fn print_root(program: &Path) -> anyhow::Result<ExitCode> {
    let cannot_find = || format!("cannot find `{}`", program.display());
    let real = program.canonicalize().with_context(cannot_find)?;
    let folder = real.parent().unwrap_or(Path::new("")).to_string_lossy();
    // CMake does not know the form of paths that Windows returns here.
    writeln!(io::stdout(), "{}", folder.strip_prefix(r"\\?\").unwrap_or(&folder))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the path of a program of Emscripten. Returns `None` if it is not installed.
pub fn find(name: &str) -> Option<PathBuf> {
    find_with(name, Path::new(INSTALLED))
}

/// Returns the path of a program of Emscripten, which may also be in a folder `emsdk` of a workspace.
/// Returns `None` if it is not installed.
pub fn find_with(name: &str, emsdk: &Path) -> Option<PathBuf> {
    which::which(name).ok().or_else(|| {
        let in_folder = |folder| which::which_in(name, Some(folder), ".").ok();
        folders(emsdk).into_iter().find_map(in_folder)
    })
}

/// Returns the folders that may hold Emscripten when it is not on `PATH`: those that the
/// environment names first, then the usual ones, then that of a workspace.
fn folders(of_workspace: &Path) -> Vec<PathBuf> {
    let in_emsdk = |emsdk: PathBuf| emsdk.join("upstream").join("emscripten");
    let home = variable("HOME").or_else(|| variable("USERPROFILE"));
    let usual = ["/opt/emsdk", "/usr/local/emsdk", "/emsdk", "C:\\emsdk"].map(PathBuf::from);
    let of_emsdk = home.map(|home| home.join("emsdk")).into_iter().chain(usual);
    variable("EMSDK")
        .map(in_emsdk)
        .into_iter()
        .chain(variable("EMSCRIPTEN"))
        .chain(of_emsdk.chain([of_workspace.to_owned()]).map(in_emsdk))
        .chain(["/usr/lib/emscripten", "/opt/emscripten"].map(PathBuf::from))
        .collect()
}

/// Returns an environment variable as a path, unless it is empty.
fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
