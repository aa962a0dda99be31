//! The tests of a crate that `wasm-ld` has linked: `host run` runs each in a sandbox of its own,
//! since a panic ends the program.

use std::env;
use std::ffi::OsString;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, bail};
use host::{Error, Exports};
use libtest_mimic::{Arguments, Failed, Trial};

use super::TRAPPED;
use super::flags::RunFlags;

/// The function that a program with tests exports. It is never called.
const MARK: &str = "__rust_tests";

/// The option that runs such a program as any other.
const TOGETHER: &str = "--tests-together";

/// The exit status of tests that fail.
const FAILED: i32 = 101;

/// Returns whether a program consists of the tests of a crate.
pub(crate) fn are_in(exports: &Exports) -> bool {
    exports.function(MARK).is_ok()
}

/// Runs the tests that the arguments of the program name. Prints and takes arguments as all test
/// programs of Rust do.
///
/// # Errors
///
/// The exit status if a test fails, and a message if the tests cannot be listed.
pub(crate) fn run(flags: &RunFlags) -> anyhow::Result<()> {
    let name = flags.module().to_owned();
    let arguments = Arguments::from_iter([&name].into_iter().chain(flags.args()));
    let program = Program::of(flags);
    let ignored = program.list(&["--ignored"])?;
    let trial = |test: String| {
        let is_ignored = ignored.contains(&test);
        let (program, shows_output) = (program.clone(), arguments.nocapture);
        let name = test.clone();
        Trial::test(name, move || program.test(&test, shows_output)).with_ignored_flag(is_ignored)
    };
    let mut names = program.list(&[])?;
    names.sort();
    let trials = names.into_iter().map(trial).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if conclusion.has_failed() { Err(Error::Exit(FAILED).into()) } else { Ok(()) }
}

/// This program, with the arguments that run the program that has the tests.
#[derive(Clone)]
struct Program {
    args: Vec<OsString>,
}

impl Program {
    fn of(flags: &RunFlags) -> Self {
        let mut args = super::args();
        // The module and its arguments come last, perhaps after a `--`.
        args.truncate(args.len().saturating_sub(flags.args().len()));
        let run = args.iter().position(|arg| arg == "run").map_or(args.len(), |run| run + 1);
        args.insert(run, TOGETHER.into());
        Program { args: args.split_off(1) }
    }

    fn command(&self) -> anyhow::Result<Command> {
        let program = env::current_exe().context("cannot find the path of this program")?;
        let mut command = Command::new(program);
        command.args(&self.args).stdin(Stdio::null());
        Ok(command)
    }

    /// Returns the names of the tests that the program lists.
    fn list(&self, args: &[&str]) -> anyhow::Result<Vec<String>> {
        let output = self.command()?.args(["--list", "--format=terse"]).args(args).output();
        let Output { status, stdout, stderr } = output.context("cannot list the tests")?;
        if !status.success() {
            let text = String::from_utf8_lossy(&stderr);
            bail!("cannot list the tests: {}", text.trim_start_matches("error: ").trim_end());
        }
        let names = String::from_utf8_lossy(&stdout);
        Ok(names
            .lines()
            .filter_map(|line| line.strip_suffix(": test"))
            .map(str::to_owned)
            .collect())
    }

    /// Runs a test. The error has what it printed, unless that is shown as it runs.
    fn test(&self, name: &str, shows_output: bool) -> Result<(), Failed> {
        let mut command = self.command()?;
        command.args([name, "--exact", "--include-ignored", "--alone"]);
        if shows_output {
            let status = command.status()?;
            return if status.success() { Ok(()) } else { Err(Failed::without_message()) };
        }
        let Output { status, stdout, stderr } = command.output()?;
        if status.success() {
            return Ok(());
        }
        let text = [stdout, stderr].concat();
        let mut text = String::from_utf8_lossy(&text).into_owned();
        let has_message = status.code() == Some(TRAPPED.into())
            || status.code() == Some(FAILED) && !text.is_empty();
        if !has_message {
            text.push_str(&format!("the test ended the program: {status}\n"));
        }
        Err(text.into())
    }
}
