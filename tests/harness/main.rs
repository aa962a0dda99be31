//! Every test, in one program that test runners understand.
//!
//! Each folder has one kind of suites, and its `mod.rs` lists them. A suite is a file whose doc
//! comment says what it tests; its tests are named `SUITE::TEST`. `support` has what several suites
//! use, and [`support::slow`] the tests that run with `cargo xtask test --all` only.

#![cfg_attr(
    not(unix),
    allow(unused_imports, unused_mut, reason = "what is for tests of Unix alone is left unused")
)]

mod cases;
mod embedding;
mod guests;
mod project;
mod robustness;
mod support;

use std::io::{self, Write};

use libtest_mimic::{Arguments, FormatSetting};

fn main() -> std::process::ExitCode {
    if let Some(ended) = robustness::load::child() {
        return ended;
    }
    let args = Arguments::from_args();
    let trials = [
        // First, because the commands of the documents take longest.
        project::trials(),
        cases::trials(),
        embedding::trials(),
        guests::trials(),
        robustness::trials(),
    ];
    let mut trials: Vec<_> = trials.into_iter().flatten().collect();
    let names: Vec<_> = trials.iter().map(|trial| trial.name().to_owned()).collect();
    trials.extend(cases::suites::trials(&names));
    trials.push(project::rules::security(names.clone()));
    trials.push(support::slow::table_is_complete(names));
    let conclusion = libtest_mimic::run(&args, support::slow::leave_out(trials));
    if !matches!(args.format, Some(FormatSetting::Json)) {
        // A reader that has gone is no failure of a test.
        let _ = io::stdout().write_all(support::trial::slowest().as_bytes());
    }
    conclusion.exit_code()
}
