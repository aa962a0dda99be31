//! The commands of README.md, run as they are written, in a copy of the workspace.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};

use crate::console;
use crate::trial;
use crate::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("readme::every_command_does_what_it_says", every_command),
        trial("readme::its_host_in_cpp_is_the_one_that_runs", host_in_cpp),
    ]
}

fn every_command() -> Result<(), Failed> {
    let sandbox = Sandbox::of_workspace()?;
    link_compiled(&workspace::target(), &sandbox.path().join("target"))?;
    let readme = fs::read_to_string(workspace::root().join("README.md"))?;
    for block in console::blocks(&readme) {
        match block.language {
            "console" => session(block.text, sandbox.path())?,
            "diff" => apply(block.text, sandbox.path())?,
            _ => {}
        }
    }
    Ok(())
}

/// What README.md shows of C++ is a part of the host's source, line by line. (Its Rust is compiled
/// by `host`'s documentation tests.)
fn host_in_cpp() -> Result<(), Failed> {
    let lines = |text: &str| text.lines().map(|line| format!("{}\n", line.trim())).collect();
    let source: String = lines(&fs::read_to_string(workspace::root().join("host/cpp/main.cpp"))?);
    let readme = fs::read_to_string(workspace::root().join("README.md"))?;
    let shown: Vec<String> = console::blocks(&readme)
        .iter()
        .filter(|block| block.language == "cpp")
        .map(|block| lines(block.text))
        .collect();
    match shown.iter().find(|shown| !source.contains(shown.as_str())) {
        Some(other) => Err(format!("not in host/cpp/main.cpp:\n{other}").into()),
        None if shown.is_empty() => Err("README.md shows no C++".into()),
        None => Ok(()),
    }
}

fn session(block: &str, folder: &Path) -> Result<(), Failed> {
    // The tests would run themselves.
    if block.contains("cargo xtask test") || block.contains("git clone") {
        return Ok(());
    }
    let actual = console::run(block, folder)?;
    console::same(&actual, block, "README.md must say what its commands print")
}

/// Makes the change that a reader is asked to make.
fn apply(diff: &str, folder: &Path) -> Result<(), Failed> {
    let mut command = Command::new("git");
    command.args(["apply", "-"]).current_dir(folder).env("GIT_CEILING_DIRECTORIES", folder);
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().ok_or("no stdin")?;
    io::Write::write_all(&mut stdin, diff.as_bytes())?;
    drop(stdin);
    if child.wait()?.success() { Ok(()) } else { Err(format!("cannot apply\n{diff}").into()) }
}

/// Gives the copy what is compiled already, as hard links: cargo replaces files, it does not change
/// them, so the originals stay as they are. Only the workspace's own crates are compiled anew.
fn link_compiled(from: &Path, to: &Path) -> io::Result<()> {
    for folder in [
        "release/build",
        "release/deps",
        "release/.fingerprint",
        "debug/build",
        "debug/deps",
        "debug/.fingerprint",
    ] {
        link_folder(&from.join(folder), &to.join(folder))?;
    }
    Ok(())
}

fn link_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_folder(&entry.path(), &to)?;
        } else if fs::hard_link(entry.path(), &to).is_err() {
            fs::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}
