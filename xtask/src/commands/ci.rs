//! `cargo xtask ci`: formatting, lints, tests, fuzzing.

use xshell::{Shell, cmd};

use crate::build::bindings;
use crate::build::manifest::Manifest;
use crate::commands::fuzz;
use crate::commands::setup;
use crate::commands::test;
use crate::flags::{FuzzFlags, SetupFlags, TestFlags};
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::{self, Project};

pub(crate) fn run(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(&project.root);
    let cargo = project::cargo();
    let step = progress.step("format");
    process::run(&step, cmd!(sh, "{cargo} fmt --all --check"))?;
    step.done("clean");
    // The build script of Wasmtime's C API runs CMake.
    setup::ensure(project, progress, &SetupFlags::default())?;
    // The build would write them, and the tests would not notice that others were checked in.
    bindings::check(project, progress, &Manifest::read(&project.manifest())?)?;
    let step = progress.step("lints");
    step.announce("checking the workspace, with Wasmtime the first time");
    // With the features that `bindings` needs of some dependencies, Wasmtime would be checked again.
    let all = cmd!(sh, "{cargo} clippy --release --workspace --exclude bindings --all-targets");
    process::run(&step, all.args(["--", "--deny", "warnings"]))?;
    process::run(&step, cmd!(sh, "{cargo} clippy -p bindings -- --deny warnings"))?;
    step.done("clean");
    // A nightly is the machine's matter, and fuzzing is left out without one.
    if fuzz::has_nightly() {
        setup::run(project, progress, &SetupFlags { fuzz: true, ..SetupFlags::default() })?;
    }
    // Slow tests are left out: with `--all` this would take more than half an hour.
    let strict = TestFlags { strict: true, ..TestFlags::default() };
    test::run(project, progress, &strict)?;
    match fuzz::missing(project) {
        // One seed gives nearly the same inputs each time, so a failure most likely comes from a
        // change.
        None => fuzz::run(project, progress, &FuzzFlags { seed: Some(1), ..FuzzFlags::default() }),
        Some(reason) => {
            progress.line(format_args!("not fuzzed: {reason}"));
            Ok(())
        }
    }
}
