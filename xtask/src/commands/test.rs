//! `cargo xtask test`: builds everything, then runs every test.

use std::process::Command;

use anyhow::bail;

use crate::build::hosts;
use crate::commands::build_all;
use crate::flags::{BuildAllFlags, TestFlags};
use crate::support::child;
use crate::support::interrupt;
use crate::support::progress::Progress;
use crate::support::project::{self, Project};

/// What the tests need to know, as environment variables that `tests` reads.
const STRICT: &str = "TESTS_STRICT";
const BLESS: &str = "TESTS_BLESS";
const SOAK: &str = "TESTS_SOAK";
const XTASK: &str = "TESTS_XTASK";

pub(crate) fn run(project: &Project, progress: &Progress, flags: &TestFlags) -> anyhow::Result<()> {
    let build = BuildAllFlags { no_setup: flags.no_setup, ..BuildAllFlags::default() };
    build_all::run(project, progress, &build)?;
    // Without a C++ compiler the tests of these hosts are ignored, with that reason.
    if hosts::CppTools::find(project).is_ok() {
        hosts::build_cpp(project, progress)?;
    }
    // In the build that contains Wasmtime, which is compiled once; xtask has none in its own.
    cargo_test(project, flags, &["--release", "-p", "linker", "-p", "host", "-p", "tests"])?;
    cargo_test(project, flags, &["-p", "xtask"])
}

fn cargo_test(project: &Project, flags: &TestFlags, args: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(project::cargo());
    command
        .current_dir(&project.root)
        .args(["test", "--no-fail-fast"])
        .args(args)
        .args(&flags.filter);
    command.env(XTASK, std::env::current_exe()?);
    if flags.strict {
        command.env(STRICT, "1");
    }
    if flags.bless {
        command.env(BLESS, "1");
    }
    if flags.soak {
        command.env(SOAK, "1");
    }
    let status = command.status().map_err(|e| child::cannot_start(&command, &e))?;
    interrupt::check()?;
    if !status.success() {
        bail!("`cargo test {}` failed ({status})", args.join(" "));
    }
    Ok(())
}
