//! Guests that `cargo xtask new` makes and `cargo xtask remove` removes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::support::commands::{GUESTS, expect, expect_not, succeed, text};
use crate::support::trial::trial;
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("new::guests_are_removed_without_a_trace", removed_without_a_trace),
        trial("new::a_guest_is_made_whole_or_not_at_all", whole_or_not_at_all),
        trial("new::guests_in_every_language_run", every_language_runs),
    ]
}

/// A guest of each kind, and the arguments that make it. Names with a dash become identifiers.
const KINDS: [(&str, &[&str]); 4] = [
    ("my-c", &["--lang", "c"]),
    ("my-cpp", &["--lang", "cpp"]),
    ("my_rust", &["--lang", "rust"]),
    ("my-cxx-with-the-longest-name-32c", &["--lang", "rust", "--with-cxx"]),
];

fn make(sandbox: &Sandbox) -> Result<(), Failed> {
    for (name, args) in KINDS {
        succeed(sandbox.xtask(&["new", name]).args(args))?;
    }
    Ok(())
}

fn remove(sandbox: &Sandbox) -> Result<(), Failed> {
    for (name, _) in KINDS {
        succeed(&mut sandbox.xtask(&["remove", name]))?;
    }
    Ok(())
}

/// Makes all guests before it removes the first, and each by itself.
fn removed_without_a_trace() -> Result<(), Failed> {
    let sandbox = Sandbox::of_sources()?;
    let before = files(sandbox.path())?;
    make(&sandbox)?;
    remove(&sandbox)?;
    unchanged(&sandbox, &before)?;
    for (name, args) in KINDS {
        succeed(sandbox.xtask(&["new", name]).args(args))?;
        succeed(&mut sandbox.xtask(&["remove", name]))?;
        unchanged(&sandbox, &before)?;
    }
    Ok(())
}

/// The last step fails, since cargo does not know this version of Cargo.lock.
fn whole_or_not_at_all() -> Result<(), Failed> {
    let sandbox = Sandbox::of_sources()?;
    succeed(&mut sandbox.xtask(&["new", "made", "--lang", "rust"]))?;
    let lock = sandbox.path().join("Cargo.lock");
    fs::write(&lock, fs::read_to_string(&lock)?.replace("version = 4\n", "version = 99\n"))?;
    let before = files(sandbox.path())?;
    for args in [&["new", "other", "--lang", "rust"][..], &["remove", "made"]] {
        let output = sandbox.xtask(args).output()?;
        expect(&text(&output), "cannot update Cargo.lock")?;
        unchanged(&sandbox, &before)?;
    }
    Ok(())
}

fn every_language_runs() -> Result<(), Failed> {
    let sandbox = Sandbox::of_workspace()?;
    let before = files(sandbox.path())?;
    make(&sandbox)?;
    let mut format = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    workspace::clean_environment(&mut format);
    format.current_dir(sandbox.path()).args(["fmt", "--check", "-p", "my_rust", "-p", KINDS[3].0]);
    succeed(&mut format)?;
    let build = succeed(sandbox.xtask(&GUESTS).arg("-v"))?;
    // Some versions of Emscripten warn about the system libraries.
    let of_guests = build.lines().filter(|line| !line.starts_with("libc, "));
    expect_not(&of_guests.collect::<Vec<_>>().join("\n"), "warning:")?;
    for (name, _) in KINDS {
        let export = format!("{}_answer", name.replace('-', "_"));
        let mut host = Command::new(workspace::host());
        workspace::clean_environment(&mut host);
        host.current_dir(sandbox.path()).args(["run", "--invoke", &export]);
        expect(&succeed(host.arg(format!("target/guests/{name}.wasm")))?, "42\n")?;
    }
    remove(&sandbox)?;
    unchanged(&sandbox, &before)
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Reads the files of a copy of the workspace, except those that are built.
fn files(folder: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.ends_with("target") {
            continue;
        } else if path.is_dir() {
            files.insert(path.clone(), Vec::new());
            files.extend(self::files(&path)?);
        } else {
            files.insert(path.clone(), fs::read(&path)?);
        }
    }
    Ok(files)
}

fn unchanged(sandbox: &Sandbox, before: &Files) -> Result<(), Failed> {
    let after = files(sandbox.path())?;
    let paths = before.keys().chain(after.keys());
    let changed: Vec<_> = paths.filter(|path| before.get(*path) != after.get(*path)).collect();
    if changed.is_empty() { Ok(()) } else { Err(format!("changed: {changed:?}").into()) }
}
