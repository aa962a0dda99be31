//! `cargo xtask install`: makes `cargo host` a command in every folder.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::build::hosts;
use crate::build::manifest::Manifest;
use crate::build::publish;
use crate::commands::setup;
use crate::flags::{InstallFlags, SetupFlags};
use crate::support::files;
use crate::support::progress::{Progress, print};
use crate::support::project::Project;

/// The programs that build crates. `cargo host env` names them to cargo.
const PROGRAMS: [&str; 5] = ["wasm-ar", "wasm-cc", "wasm-cxx", "wasm-ld", "wasm-ranlib"];

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &InstallFlags,
) -> anyhow::Result<()> {
    if !flags.no_setup {
        setup::ensure(project, progress, &SetupFlags::default())?;
    }
    publish::build_guests(project, progress, &Manifest::read(&project.manifest())?, None)?;
    hosts::build_rust(project, progress)?;
    let root = flags.root.clone().or_else(default_root);
    let root = root.context("there is no home folder: name one to install to with `--root`")?;
    let command = copy(project, &root)?;
    print(&format!("installed `cargo host`: {}\n", command.display()))
}

/// Returns the folder to which `cargo install` installs.
fn default_root() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of_home = || env::home_dir().map(|home| home.join(".cargo"));
    variable("CARGO_INSTALL_ROOT").or_else(|| variable("CARGO_HOME")).or_else(of_home)
}

/// Copies everything to where `host` looks for it, and returns the path of the command.
fn copy(project: &Project, root: &Path) -> anyhow::Result<PathBuf> {
    let (programs, library) = (root.join("bin"), root.join("lib").join("host"));
    let sysroot = library.join("sysroot");
    files::create_folder(&programs)?;
    files::create_folder(&sysroot)?;
    for name in PROGRAMS {
        let program = driver::settings::program(&project.programs(), name);
        files::copy_program(&program, &driver::settings::program(&library, name))?;
    }
    let toolchain = driver::settings::CMAKE_TOOLCHAIN;
    let text = files::read(&project.programs().join(toolchain))?;
    files::replace(&library.join(toolchain), &text)?;
    for file in files::list(&project.sysroot())? {
        let name = file.file_name().unwrap_or_default();
        files::replace(&sysroot.join(name), &files::read(&file)?)?;
    }
    let command = driver::settings::program(&programs, "cargo-host");
    files::copy_program(&project.host(), &command)?;
    Ok(command)
}
