//! The Rust toolchain that cargo uses here: its compiler, its linker, its targets.
//!
//! rustup may record a target as installed although the target's files are gone. `rustup target
//! add` then reports the target as up to date, and `rustup target remove` fails on the first file
//! that is missing. Once an empty file replaces each missing one, rustup can remove the target and
//! then add it again. [`fill_gaps`] creates these files.

use std::env;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::support::files;
use crate::support::process;

/// Returns the compiler that cargo uses here.
pub(crate) fn rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Asks the compiler to print something about itself.
fn rustc_print(args: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(rustc());
    command.arg("--print").args(args);
    process::read(command).map(PathBuf::from)
}

/// Returns the path of the linker that the toolchain includes.
pub(crate) fn lld() -> anyhow::Result<PathBuf> {
    let libraries = rustc_print(&["target-libdir"])?;
    let lld = format!("rust-lld{}", env::consts::EXE_SUFFIX);
    Ok(libraries.with_file_name("bin").join(lld))
}

/// Returns the folder of a target's libraries, if they are installed.
pub(crate) fn target_libraries(triple: &str) -> Option<PathBuf> {
    let folder = rustc_print(&["target-libdir", "--target", triple]).ok()?;
    // rustup leaves the folder behind when it removes a target.
    let is_core = |name: &str| name.starts_with("libcore-");
    let mut entries = fs::read_dir(&folder).ok()?;
    let is_installed =
        entries.any(|entry| entry.is_ok_and(|e| e.file_name().to_str().is_some_and(is_core)));
    is_installed.then_some(folder)
}

/// Returns the triples of the targets that rustup records as installed. Returns none if rustup
/// fails.
pub(crate) fn recorded_targets() -> Vec<String> {
    let mut command = Command::new("rustup");
    command.args(["target", "list", "--installed"]);
    let list = process::read(command).unwrap_or_default();
    list.lines().map(str::to_owned).collect()
}

/// Creates an empty file for each file of a target that is missing.
pub(crate) fn fill_gaps(triple: &str) -> anyhow::Result<()> {
    fill_gaps_in(&rustc_print(&["sysroot"])?, triple)
}

/// Fills the gaps in a toolchain's folder. rustup's manifest there lists the files of the target.
fn fill_gaps_in(toolchain: &Path, triple: &str) -> anyhow::Result<()> {
    let rustlib = toolchain.join("lib").join("rustlib");
    let manifest = rustlib.join(format!("manifest-rust-std-{triple}"));
    let files = fs::read_to_string(&manifest).with_context(|| {
        let manifest = manifest.display();
        format!(
            "this Rust toolchain is damaged, uninstall it with rustup: cannot read `{manifest}`"
        )
    })?;
    for file in files.lines().filter_map(|line| line.strip_prefix("file:")) {
        fill(&toolchain.join(file))?;
    }
    Ok(())
}

/// Creates an empty file, unless the file exists.
fn fill(path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        files::create_folder(folder)?;
    }
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.map(drop).with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_files_are_created_and_no_other_file_changes() {
        let toolchain = env::temp_dir().join(format!("xtask-toolchain-{}", std::process::id()));
        let lib = toolchain.join("lib/rustlib/t/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("kept"), "kept").unwrap();
        let manifest = "file:lib/rustlib/t/lib/kept\nfile:lib/rustlib/t/lib/self/gone\ndir:share";
        fs::write(toolchain.join("lib/rustlib/manifest-rust-std-t"), manifest).unwrap();

        let filled = fill_gaps_in(&toolchain, "t");
        let texts = ["kept", "self/gone"].map(|name| fs::read_to_string(lib.join(name)).ok());
        fs::remove_dir_all(&toolchain).unwrap();
        filled.unwrap();
        assert_eq!(texts, [Some("kept".to_owned()), Some(String::new())]);
    }
}
