//! Fused programs on another engine: node's, with its own WASI.
//!
//! The very file that `host fuse` writes must do there what the case's files say. Cases in the text format
//! alone have no such test: many use features that node does not have yet. Nor have those that open libraries:
//! of all hosts only ours does that.

use std::process::Command;
use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};

use crate::compile::ending;
use crate::console;
use crate::emscripten::{self, expected, node};
use crate::link_cases::Case;
use crate::workspace;

pub(crate) fn trials(cases: &[Arc<Case>]) -> impl Iterator<Item = Trial> {
    let compiled = |case: &&Arc<Case>| case.sources().iter().any(|source| ending(source) != "wat");
    cases
        .iter()
        .filter(compiled)
        .filter(|case| !case.opens_libraries())
        .cloned()
        .map(|case| Trial::ignorable_test(format!("node::{}", case.name()), move || run(&case)))
}

fn run(case: &Case) -> Result<Completion, Failed> {
    let Some(node) = node() else {
        return crate::ignored("node is missing");
    };
    if let Some(reason) = case.missing_compiler() {
        return crate::ignored(reason);
    }
    let mut command = Command::new(node);
    workspace::clean_environment(&mut command);
    let script = workspace::root().join("tests").join("engines").join("run.mjs");
    let output = command.arg("--no-warnings").arg(script).arg(case.fused()?).output()?;
    let actual = String::from_utf8(output.stdout)? + &emscripten::status(output.status);
    console::same(&actual, &expected(case), &String::from_utf8_lossy(&output.stderr))?;
    Ok(Completion::Completed)
}
