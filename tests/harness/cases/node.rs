//! Fused programs on another engine: node's, with its own WASI.
//!
//! The very file that `host fuse` writes must do there what the case's files say. Cases in the text
//! format alone have no such test: many use features that node does not have yet. Nor have those
//! that open libraries: of all hosts only ours does that. Versions that know the standard's
//! exceptions by a flag only are given it, and those that do not know them at all run no program
//! that has any. Where node does otherwise, the case has a `node.txt` that says why, as
//! `emscripten.txt` does for Emscripten's own linker.

use std::process::{Command, Output};
use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};

use crate::cases::expected::{expected, same_but_for};
use crate::support::node::{self, node};
use crate::support::trial::{ignorable, ignored};

use crate::cases::link::Case;
use crate::support::compile::ending;
use crate::support::workspace;

pub(crate) fn trials(cases: &[Arc<Case>]) -> impl Iterator<Item = Trial> {
    let compiled = |case: &&Arc<Case>| case.sources().iter().any(|source| ending(source) != "wat");
    cases
        .iter()
        .filter(compiled)
        .filter(|case| !case.opens_libraries())
        .cloned()
        .map(|case| ignorable(format!("node::{}", case.name()), move || run(&case)))
}

/// The status of run.mjs if the engine does not support what the program uses.
const NO_EXCEPTIONS: i32 = 77;
/// The status of a node that does not know a flag.
const BAD_FLAG: i32 = 9;

/// A failure, and what node said.
fn with_errors(error: Failed, errors: &[u8]) -> Failed {
    let message = error.message().unwrap_or_default();
    format!("{message}\n{}", String::from_utf8_lossy(errors)).into()
}

fn run(case: &Case) -> Result<Completion, Failed> {
    let Some(node) = node() else {
        return ignored("node is missing");
    };
    if let Some(reason) = case.missing_compiler() {
        return ignored(&reason);
    }
    let script = workspace::root().join("tests").join("engines").join("run.mjs");
    let run = |flags: &[&str]| -> Result<Output, Failed> {
        let mut command = Command::new(&node);
        workspace::clean_environment(&mut command);
        command.args(flags).arg("--no-warnings").arg(&script).arg(case.fused()?);
        Ok(command.output()?)
    };
    let mut output = run(&[])?;
    if output.status.code() == Some(NO_EXCEPTIONS) {
        output = run(&["--experimental-wasm-exnref"])?;
        if matches!(output.status.code(), Some(NO_EXCEPTIONS | BAD_FLAG)) {
            // No tool is missing that could be installed, so this is no failure where all must run.
            return Ok(Completion::ignored_with("this node knows no `try_table`"));
        }
    }
    let actual = String::from_utf8(output.stdout)? + &node::status(output.status);
    let emcc = which::which("em++").unwrap_or_default();
    same_but_for("node.txt", case, &actual, &expected(case), &emcc)
        .map_err(|error| with_errors(error, &output.stderr))?;
    Ok(Completion::Completed)
}
