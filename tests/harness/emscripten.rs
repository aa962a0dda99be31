//! Emscripten's own dynamic linker, JavaScript on node, as the oracle of the link cases.
//!
//! It loads the modules that `host` links, the very same files, and must come to what the case's files say:
//! what is printed, and the exit status. A case where it does not has an `emscripten.txt` that says why, if
//! only for some versions: `Before 3.1.14: ...`. The difference must then be there.
//!
//! It loads shared libraries only, so a case with a Rust main has no such test. Those in the text format alone
//! have none either: many are about what Emscripten does not make, or what its linker does not know.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Completion, Failed, Trial};

use crate::compile::{self, Role, ending, flags};
use crate::console;
use crate::link_cases::Case;
use crate::workspace;

pub(crate) fn trials(cases: &[Arc<Case>]) -> impl Iterator<Item = Trial> {
    cases.iter().filter(|case| is_comparable(case)).cloned().map(|case| {
        let name = format!("emscripten::{}", case.name());
        crate::ignorable(name, move || run(&case))
    })
}

fn is_comparable(case: &Case) -> bool {
    let is_text = |source: &PathBuf| ending(source) == "wat";
    let sources = case.sources();
    !sources.iter().all(is_text) && sources.iter().all(|source| Role::of(source) == Role::Shared)
}

fn run(case: &Case) -> Result<Completion, Failed> {
    let Some(node) = node() else {
        return crate::ignored("node is missing");
    };
    let Ok(emcc) = which::which("em++") else {
        return crate::ignored("Emscripten is missing");
    };
    let actual = link_and_run(&emcc, &node, case)?;
    let expected = expected(case);
    same_but_for("emscripten.txt", case, &actual, &expected, &emcc)?;
    Ok(Completion::Completed)
}

/// Compares what a case does elsewhere with what it should do, unless one of its files says that it differs, and
/// why.
pub(crate) fn same_but_for(
    file: &str,
    case: &Case,
    actual: &str,
    expected: &str,
    emcc: &Path,
) -> Result<(), Failed> {
    let note = case.file(file);
    let same = console::same(actual, expected, &format!("`{file}` may say why they differ"));
    match (applies(&note, emcc)?, same) {
        (false, same) => same,
        (true, Err(_)) => Ok(()),
        (true, Ok(())) => Err(format!("they are the same, but {file} says:\n{note}").into()),
    }
}

/// What the case's files say: what is printed, and the status.
pub(crate) fn expected(case: &Case) -> String {
    let (stdout, error) = (case.file("stdout.txt"), case.file("error.txt"));
    match error.lines().last() {
        Some(status) => format!("{stdout}{status}\n"),
        None if stdout.is_empty() => "42\n".to_owned(),
        None => stdout,
    }
}

/// Whether a note is there that is about this version of Emscripten.
fn applies(note: &str, emcc: &Path) -> Result<bool, Failed> {
    let before = note.strip_prefix("Before ").and_then(|rest| rest.split_once(':'));
    match before {
        None => Ok(!note.is_empty()),
        Some((limit, _)) => {
            let output = Command::new(emcc).arg("--version").output()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let ours = text.split_whitespace().map(numbers).find(|numbers| numbers.len() == 3);
            Ok(ours.ok_or("em++ tells no version")? < numbers(limit))
        }
    }
}

/// The numbers of a version, or nothing if a word is none.
fn numbers(word: &str) -> Vec<u32> {
    let word = word.split('-').next().unwrap_or_default();
    word.split('.').map(str::parse).collect::<Result<_, _>>().unwrap_or_default()
}

pub(crate) fn node() -> Option<PathBuf> {
    // emsdk names its own.
    let of_emsdk = || std::env::var_os("EMSDK_NODE").map(PathBuf::from);
    which::which("node").ok().or_else(of_emsdk)
}

const CATCH: &str = "-fexceptions";

/// Links and runs a case. Returns what it prints, and its status.
fn link_and_run(emcc: &Path, node: &Path, case: &Case) -> Result<String, Failed> {
    let catches = case.sources().iter().any(|source| flags(source).iter().any(|f| f == CATCH));
    let program = program(emcc, if catches { &[CATCH] } else { &[] })?;
    let mut command = Command::new(node);
    workspace::clean_environment(&mut command);
    command.arg(program).current_dir(case.modules()?);
    // Emscripten runs constructors in this order, so main comes last.
    let output = command.args(case.libraries()).arg("main.wasm").output()?;
    Ok(String::from_utf8(output.stdout)? + &status(output.status))
}

/// Returns the program that cases are loaded into, after building it if it is not there. One that is
/// built with `-fexceptions` can catch exceptions. In the other, what is thrown ends the program, as in
/// cases that are compiled without.
fn program(emcc: &Path, flags: &[&str]) -> Result<PathBuf, Failed> {
    static BUILDING: Mutex<()> = Mutex::new(());
    let _only_once = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = workspace::root().join("tests").join("emscripten");
    let (start, main) = (folder.join("start.js"), folder.join("main.cpp"));
    let mut command = Command::new(emcc);
    command.args(flags).args(["-O1", "-sMAIN_MODULE=1", "-sWASM_BIGINT", "-sALLOW_MEMORY_GROWTH"]);
    // What older versions do unasked: the memory is JavaScript's, which looks for what start.js sets.
    command.args([
        "-sIMPORTED_MEMORY",
        "-sINCOMING_MODULE_JS_API=dynamicLibraries,arguments,locateFile",
    ]);
    command.args(["-sEXIT_RUNTIME", "-sENVIRONMENT=node", "--pre-js"]).arg(&start);
    let key = (compile::key(&command, &main)?, fs::read(&start)?);
    let built = workspace::built(&key, |folder| {
        compile::run(command.arg(&main).arg("-o").arg(folder.join("main.js")))
    })?;
    Ok(built.join("main.js"))
}

/// How a console session writes the status of a program that node has run.
pub(crate) fn status(status: ExitStatus) -> String {
    match status.code() {
        // node has none of its own for a trap.
        Some(1 | 7) => "? 134\n".to_owned(),
        _ => console::status(status),
    }
}
