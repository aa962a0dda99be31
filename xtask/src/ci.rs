//! `cargo xtask ci`: formatting, lints, tests.

use xshell::{Shell, cmd};

use crate::flags::TestFlags;
use crate::process;
use crate::progress::Progress;
use crate::project::{self, Project};
use crate::test;

pub(crate) fn run(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(&project.root);
    let cargo = project::cargo();
    let step = progress.step("format");
    process::run(&step, cmd!(sh, "{cargo} fmt --all --check"))?;
    step.done("clean");
    let step = progress.step("lints");
    step.announce("checking the workspace, with Wasmtime the first time");
    process::run(
        &step,
        cmd!(sh, "{cargo} clippy --release --workspace --all-targets -- --deny warnings"),
    )?;
    step.done("clean");
    let strict = TestFlags { strict: true, ..TestFlags::default() };
    test::run(project, progress, &strict)
}
