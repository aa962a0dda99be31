//! Console sessions that read as documentation.
//!
//! A case is a `case.md` with console sessions, and files that they use. A session runs in a folder
//! that holds the built guests and the case's files, each `.wat` as `.wasm`, and so each C file for
//! wasi-libc. If it calls `cargo
//! xtask`, it runs in a copy of the workspace into which the case's files are copied.
//!
//! A guest may have a `case.md` in its folder. Its session runs in a folder that holds the built
//! guests alone.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::compile::{self, Role};
use crate::support::console;
use crate::support::trial::{ignorable, ignored};
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trial(folder: PathBuf) -> Trial {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ignorable(format!("case::{name}"), move || run(&folder))
}

/// Makes the test of a guest, from its folder relative to the workspace.
pub(crate) fn trial_of_guest(folder: PathBuf) -> Trial {
    let name = format!("guest::{}", folder.display());
    ignorable(name, move || {
        let file = workspace::root().join(folder).join("case.md");
        compare(&file, &fs::read_to_string(&file)?, &sandbox_of_guests()?)
    })
}

/// Runs a case of `tests/cases`.
fn run(folder: &Path) -> Result<Completion, Failed> {
    let file = folder.join("case.md");
    let markdown = fs::read_to_string(&file)?;
    if let Some(program) = missing_program(&markdown) {
        return ignored(&format!("no `{program}`: `cargo xtask run --host cpp` builds it"));
    }
    if needs_zig(folder) && compile::zig().is_none() {
        return ignored(compile::NO_ZIG);
    }
    let sources = sources(folder)?;
    if let Some(reason) = sources.iter().find_map(|source| compile::missing_compiler(source)) {
        return ignored(&reason);
    }
    compare(&file, &markdown, &sandbox(folder, &markdown, &sources)?)
}

/// Runs the sessions of a file, and compares them with what they should be.
fn compare(file: &Path, markdown: &str, sandbox: &Sandbox) -> Result<Completion, Failed> {
    let mut sessions = Vec::new();
    for block in console::blocks(markdown).iter().filter(|b| b.language == "console") {
        sessions.push((block.span.clone(), console::run(block.text, sandbox.path())?));
    }
    let mut actual = markdown.to_owned();
    // From the last to the first, so that the spans stay right.
    for (span, session) in sessions.into_iter().rev() {
        actual.replace_range(span, &session);
    }
    if std::env::var_os("TESTS_BLESS").is_some() {
        fs::write(file, actual)?;
    } else {
        console::same(
            &actual,
            markdown,
            "`cargo xtask test --bless` rewrites the expected output",
        )?;
    }
    Ok(Completion::Completed)
}

/// Returns a program that the sessions call and that needs a C++ compiler, if it is not there.
fn missing_program(markdown: &str) -> Option<&'static str> {
    let mut programs = workspace::CPP_PROGRAMS.into_iter();
    programs.find(|program| {
        markdown.contains(&format!("$ {program}")) && !workspace::cpp_program(program).is_file()
    })
}

/// Returns whether Zig compiles a guest of a case's own `guests.toml`.
fn needs_zig(folder: &Path) -> bool {
    let guests = fs::read_to_string(folder.join("guests.toml"));
    guests.is_ok_and(|text| text.contains("toolchain = \"zig\""))
}

/// Returns the files of a case that become modules.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if compile::ending(&path) == "wat" || compile::is_for_wasi(&path) {
            sources.push(path);
        }
    }
    Ok(sources)
}

fn sandbox(folder: &Path, markdown: &str, sources: &[PathBuf]) -> Result<Sandbox, Failed> {
    // Messages name that command too.
    let calls_xtask = |line: &str| line.starts_with("$ ") && line.contains("cargo xtask");
    if markdown.lines().any(calls_xtask) {
        let sandbox = Sandbox::of_workspace()?;
        workspace::copy(folder, sandbox.path(), &["case.md"])?;
        if needs_zig(folder) {
            sandbox.link_zig()?;
        }
        return Ok(sandbox);
    }
    let sandbox = sandbox_of_guests()?;
    workspace::copy(folder, sandbox.path(), &["case.md"])?;
    for source in sources {
        let module = source.with_extension("wasm");
        let module = sandbox.path().join(module.file_name().unwrap_or_default());
        compile::compile(source, Role::Shared, &module)?;
    }
    Ok(sandbox)
}

/// Makes a folder with the built guests.
fn sandbox_of_guests() -> Result<Sandbox, Failed> {
    let sandbox = Sandbox::empty()?;
    workspace::copy(&workspace::guests(), sandbox.path(), &[".lock"])?;
    Ok(sandbox)
}
