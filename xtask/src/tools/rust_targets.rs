//! Targets of the Rust toolchain that rustup takes for installed although their files are gone.
//!
//! `rustup target add` calls such a target up to date, and `rustup target remove` fails on the first
//! file that it does not find. With an empty file in the place of each, it removes the target, and
//! then adds it again.

use std::env;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::support::process;

/// Returns the triples of the targets that rustup takes for installed; none if it does not answer.
pub(crate) fn recorded() -> Vec<String> {
    let mut command = Command::new("rustup");
    command.args(["target", "list", "--installed"]);
    let list = process::ask(command).unwrap_or_default();
    list.lines().map(str::to_owned).collect()
}

/// Puts empty files in the places of a target's missing ones.
pub(crate) fn fill_gaps(triple: &str) -> anyhow::Result<()> {
    let mut command = Command::new(rustc());
    command.args(["--print", "sysroot"]);
    fill_gaps_in(&PathBuf::from(process::ask(command)?), triple)
}

/// The compiler that cargo uses here.
pub(crate) fn rustc() -> std::ffi::OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Reads in a toolchain's folder which files rustup has installed for a target.
fn fill_gaps_in(toolchain: &Path, triple: &str) -> anyhow::Result<()> {
    let rustlib = toolchain.join("lib").join("rustlib");
    let manifest = rustlib.join(format!("manifest-rust-std-{triple}"));
    let files = fs::read_to_string(&manifest).with_context(|| {
        let manifest = manifest.display();
        format!("this Rust toolchain is damaged, uninstall it by rustup: cannot read `{manifest}`")
    })?;
    for file in files.lines().filter_map(|line| line.strip_prefix("file:")) {
        fill(&toolchain.join(file))?;
    }
    Ok(())
}

/// Creates a file, empty, unless there is one.
fn fill(path: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    OpenOptions::new().append(true).create(true).open(path).map(drop).with_context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_file_is_filled_and_no_other_is_changed() {
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
