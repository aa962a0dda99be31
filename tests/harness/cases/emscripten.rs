//! Emscripten's own dynamic linker, JavaScript on node, as the oracle of the link cases.
//!
//! It loads the modules that `host` links, the very same files, and must come to what the case's
//! files say: what is printed, and the exit status. A case where it does not has an
//! `emscripten.txt` that says why, if only for some versions: `Before 3.1.14: ...`. The difference
//! must then be there.
//!
//! It loads shared libraries of Emscripten only, so cases with a Rust main or for wasi-libc have no
//! such test. Those in the text
//! format alone have none either: many are about what Emscripten does not make, or what its linker
//! does not know.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Completion, Failed, Trial};

use crate::cases::expected::{expected, same_but_for};
use crate::cases::link::Case;
use crate::support::node::{node, status};
use crate::support::trial::{ignorable, ignored};

use crate::support::compile::{self, Role, ending, flags};
use crate::support::workspace;

pub(crate) fn trials(cases: &[Arc<Case>]) -> impl Iterator<Item = Trial> {
    cases.iter().filter(|case| is_comparable(case)).cloned().map(|case| {
        let name = format!("emscripten::{}", case.name());
        ignorable(name, move || run(&case))
    })
}

fn is_comparable(case: &Case) -> bool {
    let is_text = |source: &PathBuf| ending(source) == "wat";
    let sources = case.sources();
    if sources.iter().any(|source| compile::is_for_wasi(source)) {
        return false;
    }
    !sources.iter().all(is_text) && sources.iter().all(|source| Role::of(source) == Role::Shared)
}

fn run(case: &Case) -> Result<Completion, Failed> {
    let Some(node) = node() else {
        return ignored("node is missing");
    };
    let Ok(emcc) = which::which("em++") else {
        return ignored("Emscripten is missing");
    };
    let actual = link_and_run(&emcc, &node, case)?;
    let expected = expected(case);
    same_but_for("emscripten.txt", case, &actual, &expected, &emcc)?;
    Ok(Completion::Completed)
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

/// Returns the program that cases are loaded into, after building it if it is not there. One that
/// is built with `-fexceptions` can catch exceptions. In the other, what is thrown ends the
/// program, as in cases that are compiled without.
fn program(emcc: &Path, flags: &[&str]) -> Result<PathBuf, Failed> {
    static BUILDING: Mutex<()> = Mutex::new(());
    let _only_once = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = workspace::root().join("tests").join("emscripten");
    let (start, main) = (folder.join("start.js"), folder.join("main.cpp"));
    let mut command = Command::new(emcc);
    command.args(flags).args(["-O1", "-sMAIN_MODULE=1", "-sWASM_BIGINT", "-sALLOW_MEMORY_GROWTH"]);
    // Older versions do so by default: the memory is JavaScript's, which looks for what start.js
    // sets.
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
