//! `cargo xtask test`: builds everything, then runs the tests.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use anyhow::bail;

use crate::build::hosts;
use crate::commands::build_all;
use crate::commands::setup;
use crate::flags::{BuildAllFlags, TestFlags};
use crate::support::child;
use crate::support::interrupt;
use crate::support::progress::Progress;
use crate::support::project::{self, Project};

/// The environment variables by which `tests` learns of the flags.
const STRICT: &str = "TESTS_STRICT";
const BLESS: &str = "TESTS_BLESS";
const ALL: &str = "TESTS_ALL";
const SOAK: &str = "TESTS_SOAK";
const XTASK: &str = "TESTS_XTASK";

pub(crate) fn run(project: &Project, progress: &Progress, flags: &TestFlags) -> anyhow::Result<()> {
    if !flags.no_setup && flags.wants_every_tool() {
        setup::ensure_for_tests(project, progress, flags.needs_wasmtime())?;
    }
    let build = BuildAllFlags { no_setup: flags.no_setup, ..BuildAllFlags::default() };
    build_all::run(project, progress, &build)?;
    // Without a C++ compiler the tests of these hosts are ignored, with that reason.
    if hosts::CppTools::find(project).is_ok() {
        hosts::build_cpp(project, progress)?;
    }
    // In the build that contains Wasmtime, which is compiled once; xtask has none in its own.
    cargo_test(
        project,
        flags,
        &["--release", "-p", "linker", "-p", "driver", "-p", "host", "-p", "tests"],
    )?;
    cargo_test(project, flags, &["-p", "xtask", "-p", "watch"])
}

fn cargo_test(project: &Project, flags: &TestFlags, args: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(project::cargo());
    command
        .current_dir(&project.root)
        .args(["test", "--no-fail-fast"])
        .args(args)
        .args(&flags.filter);
    command.env(XTASK, std::env::current_exe()?);
    for (name, is_set) in
        [(STRICT, flags.strict), (BLESS, flags.bless), (ALL, flags.all), (SOAK, flags.soak)]
    {
        if is_set {
            command.env(name, "1");
        }
    }
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|e| child::cannot_start(&command, &e))?;
    if let Some(output) = child.stdout.take() {
        show(output, &mut io::stdout().lock())?;
    }
    let status = child.wait()?;
    interrupt::check()?;
    if !status.success() {
        bail!("`cargo test {}` failed ({status})", args.join(" "));
    }
    Ok(())
}

/// Copies what tests print, with the number of tests that have ended before each that ends.
fn show(output: impl Read, to: &mut impl Write) -> io::Result<()> {
    let (mut ended, mut total) = (0, 0);
    let mut lines = BufReader::new(output);
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        if let Some(count) = announced(&line) {
            (ended, total) = (0, count);
        }
        if line.starts_with("test ") && line.contains(" ... ") {
            ended += 1;
            write!(to, "[{ended}/{total}] ")?;
        }
        to.write_all(line.as_bytes())?;
        to.flush()?;
        line.clear();
    }
    Ok(())
}

/// Returns the number of tests that a program is about to run: `running 12 tests`.
fn announced(line: &str) -> Option<usize> {
    line.strip_prefix("running ")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_in_each_program() -> io::Result<()> {
        let output = "\nrunning 2 tests\ntest a ... ok\ntest b ... FAILED\n\ntest result: FAILED\n\
            running 1 test\ntest c ... ignored, why\n";
        let mut shown = Vec::new();
        show(output.as_bytes(), &mut shown)?;
        let expected = "\nrunning 2 tests\n[1/2] test a ... ok\n[2/2] test b ... FAILED\n\n\
            test result: FAILED\nrunning 1 test\n[1/1] test c ... ignored, why\n";
        assert_eq!(String::from_utf8_lossy(&shown), expected);
        Ok(())
    }
}
