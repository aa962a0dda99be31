//! Processes, programs on PATH and mount namespaces, as Unix has them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use rustix::process::{Pid, test_kill_process};

use super::commands::succeed;

pub(crate) fn script(path: &Path, text: &str) -> Result<(), Failed> {
    fs::write(path, format!("#!/bin/sh\n{text}\n"))?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

/// A folder with links to the programs on PATH, without some, to be the only one on PATH.
pub(crate) fn path_without(folder: &Path, unwanted: fn(&str) -> bool) -> Result<(), Failed> {
    fs::create_dir_all(folder)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    for file in std::env::split_paths(&path).flat_map(fs::read_dir).flatten() {
        let file = file?;
        if !file.file_name().to_str().is_none_or(unwanted) {
            // The first of a name on PATH is the one that counts.
            let _ = symlink(file.path(), folder.join(file.file_name()));
        }
    }
    Ok(())
}

pub(crate) fn is_emscripten(name: &str) -> bool {
    name.starts_with("em")
}

pub(crate) fn is_emscripten_or_package_manager(name: &str) -> bool {
    is_emscripten(name) || ["apt-get", "dnf", "pacman", "brew"].contains(&name)
}

/// Neither the environment nor the home folder leads to an emsdk.
pub(crate) fn hide_emsdk(command: &mut Command, home: &Path) {
    let real = std::env::var_os("HOME").unwrap_or_default();
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let default = Path::new(&real).join(folder).into_os_string();
        command.env(name, std::env::var_os(name).unwrap_or(default));
    }
    command.env("HOME", home).env_remove("EMSDK").env_remove("EMSCRIPTEN");
}

/// Makes a repository of a folder, with all of its files under a tag.
pub(crate) fn commit(folder: &Path, tag: &str) -> Result<(), Failed> {
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"];
        succeed(Command::new("git").args(identity).args(args).current_dir(folder))
    };
    git(&["init", "--quiet"])?;
    git(&["add", "."])?;
    git(&["commit", "--quiet", "-m", "A stand-in"])?;
    git(&["tag", tag]).map(drop)
}

/// Waits until a process that was asked to end has ended.
pub(crate) fn gone(process: Pid) -> Result<(), Failed> {
    let start = Instant::now();
    while test_kill_process(process).is_ok() {
        if start.elapsed() > Duration::from_secs(10) {
            return Err(format!("{process:?} still runs").into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The options with which `unshare` makes a mount namespace: for root, or for other users.
pub(crate) fn unshare() -> Option<&'static [&'static str]> {
    let works = |options: &&[&str]| {
        let output = Command::new("unshare").args(*options).arg("true").output();
        output.is_ok_and(|output| output.status.success())
    };
    let ways: [&[&str]; 2] = [&["--mount"], &["--mount", "--map-root-user"]];
    ways.into_iter().find(works)
}
