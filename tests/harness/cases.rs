//! The folders of `tests/cases`.
//!
//! A case is a `case.md` with console sessions, and files that they use. A session runs in a folder that
//! holds the built guests and the case's files, each `.wat` as `.wasm`; or, if it calls `cargo xtask`, in
//! a copy of the workspace over which the case's files are laid.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};

use crate::console;
use crate::emscripten;
use crate::engines;
use crate::link_cases::{self, Case};
use crate::wasm_exceptions;
use crate::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut linked = Vec::new();
    for folder in folders() {
        match Case::open(&folder) {
            Some(case) => linked.push(Arc::new(case)),
            None => trials.push(trial(folder)),
        }
    }
    trials.extend(link_cases::trials(&linked));
    trials.extend(emscripten::trials(&linked));
    trials.extend(engines::trials(&linked));
    trials.extend(wasm_exceptions::trials(&linked));
    trials
}

/// Returns the folder of each case, `cases/TOPIC/NAME`, in the order of the names.
fn folders() -> Vec<PathBuf> {
    let topics = subfolders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"));
    let mut cases: Vec<_> = topics.iter().flat_map(|topic| subfolders(topic)).collect();
    cases.sort_by_key(|case| case.file_name().map(ToOwned::to_owned));
    cases
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.is_dir()).collect()
}

fn trial(folder: PathBuf) -> Trial {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    crate::ignorable(format!("case::{name}"), move || run(&folder))
}

fn run(folder: &Path) -> Result<Completion, Failed> {
    let file = folder.join("case.md");
    let markdown = fs::read_to_string(&file)?;
    if let Some(program) = missing_program(&markdown) {
        return crate::ignored(&format!("no `{program}`: `cargo xtask run --host cpp` builds it"));
    }
    let sandbox = sandbox(folder, &markdown)?;
    let mut sessions = Vec::new();
    for block in console::blocks(&markdown).iter().filter(|b| b.language == "console") {
        sessions.push((block.span.clone(), console::run(block.text, sandbox.path())?));
    }
    let mut actual = markdown.clone();
    // From the last to the first, so that the spans stay right.
    for (span, session) in sessions.into_iter().rev() {
        actual.replace_range(span, &session);
    }
    if std::env::var_os("TESTS_BLESS").is_some() {
        fs::write(&file, actual)?;
    } else {
        console::same(
            &actual,
            &markdown,
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

fn sandbox(folder: &Path, markdown: &str) -> Result<Sandbox, Failed> {
    // Messages name that command too.
    let calls_xtask = |line: &str| line.starts_with("$ ") && line.contains("cargo xtask");
    if markdown.lines().any(calls_xtask) {
        let sandbox = Sandbox::of_workspace()?;
        workspace::copy(folder, sandbox.path(), &["case.md"])?;
        return Ok(sandbox);
    }
    let sandbox = Sandbox::empty()?;
    workspace::copy(&workspace::guests(), sandbox.path(), &[".lock"])?;
    workspace::copy(folder, sandbox.path(), &["case.md"])?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "wat") {
            let wasm = wat::parse_file(&path)?;
            let name = path.with_extension("wasm");
            fs::write(sandbox.path().join(name.file_name().unwrap_or_default()), wasm)?;
        }
    }
    Ok(sandbox)
}
