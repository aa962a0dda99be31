//! Runs each input again that fuzzing has found: `tests/fuzz/regressions`. This needs no nightly
//! Rust.
//!
//! Where a nightly Rust and cargo-fuzz are installed, a test builds and runs the targets.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::random::Random;
use crate::support::trial::{ignorable, ignored, trial};
use libtest_mimic::{Completion, Failed, Trial};

use crate::support::workspace;

#[allow(unreachable_pub, reason = "it is a library, for the targets")]
#[path = "../../fuzz/src/bind.rs"]
mod bind;
#[allow(unreachable_pub, reason = "as above")]
#[path = "../../fuzz/src/c_like.rs"]
mod c_like;
#[allow(unreachable_pub, reason = "as above")]
#[path = "../../fuzz/src/differential.rs"]
mod differential;
#[allow(unreachable_pub, reason = "as above")]
#[path = "../../fuzz/src/fuse.rs"]
mod fuse;
#[allow(unreachable_pub, reason = "as above")]
#[path = "../../fuzz/src/generate.rs"]
mod generate;
#[allow(unreachable_pub, dead_code, reason = "as above")]
#[path = "../../fuzz/src/modules.rs"]
mod modules;
#[allow(unreachable_pub, reason = "as above")]
#[path = "../../fuzz/src/open.rs"]
mod open;
#[allow(unreachable_pub, reason = "as above")]
#[path = "../../fuzz/src/parse.rs"]
mod parse;
#[allow(unreachable_pub, reason = "as above")]
#[path = "../../fuzz/src/plan.rs"]
mod plan;
#[allow(unreachable_pub, reason = "as above")]
#[path = "../../fuzz/src/symbols.rs"]
mod symbols;

/// The assertions of a target about an input.
type Assertion = fn(&[u8]);

const TARGETS: [(&str, Assertion); 7] = [
    ("parse", parse::run),
    ("plan", plan::run),
    ("bind", bind::run),
    ("fuse", fuse::run),
    ("open", open::run),
    // Inputs of this one are kept as sets of modules, which it makes itself.
    ("differential", |data| {
        differential::compare(&modules::Input::read(data));
    }),
    ("symbols", |data| {
        symbols::run(data);
    }),
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        ignorable("fuzz::a_target_runs", a_target_runs),
        trial("fuzz::programs_with_symbols_stay_the_same", programs_with_symbols_stay_the_same),
    ];
    for (target, run) in TARGETS {
        for file in files(&workspace::root().join("tests/fuzz/regressions").join(target)) {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            trials.push(trial(&format!("fuzz::{target}::{name}"), move || {
                run(&fs::read(&file)?);
                Ok(())
            }));
        }
    }
    trials
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files
}

/// Compares programs that are made at random. In most of them something is left out.
fn programs_with_symbols_stay_the_same() -> Result<(), Failed> {
    const PROGRAMS: usize = 200;
    let mut random = Random::new()?;
    let mut smaller = 0;
    for round in 0..PROGRAMS {
        let data = random.bytes(4096);
        let compared = panic::catch_unwind(|| symbols::run(&data)).map_err(|panic| {
            let message = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            random.explain(round, message.into())
        })?;
        smaller += usize::from(compared.collected < compared.whole);
    }
    if smaller < PROGRAMS / 2 {
        return Err(format!("only {smaller} of {PROGRAMS} programs became smaller").into());
    }
    Ok(())
}

/// The one that is compiled soonest.
fn a_target_runs() -> Result<Completion, Failed> {
    let mut toolchains = Command::new("rustup");
    let nightly = toolchains.args(["toolchain", "list"]).output();
    let is_nightly = |line: &str| line.starts_with("nightly");
    if !nightly.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).lines().any(is_nightly)) {
        // Which toolchains there are is the machine's matter: no reason to fail, however strict.
        return Ok(Completion::ignored_with("no nightly Rust is installed"));
    }
    let installed = workspace::root().join(".tools").join("bin");
    let program = "cargo-fuzz";
    if which::which(program).is_err() && which::which_in(program, Some(installed), ".").is_err() {
        return ignored("cargo-fuzz is not installed: `cargo xtask setup --fuzz`");
    }
    let mut xtask = Command::new(workspace::xtask());
    xtask.args(["fuzz", "parse", "--seconds", "1"]).current_dir(workspace::root());
    let output = xtask.output()?;
    let printed = String::from_utf8_lossy(&output.stderr);
    let runs = printed
        .lines()
        .find(|line| line.starts_with("✔ fuzz parse") && line.contains("executions"));
    match (output.status.success(), runs) {
        (true, Some(_)) => Ok(Completion::Completed),
        _ => Err(format!("`cargo xtask fuzz parse` printed\n{printed}").into()),
    }
}
