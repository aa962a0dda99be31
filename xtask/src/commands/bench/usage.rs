//! What a process uses: memory, processor time, page faults. `tests/bench/usage.c` measures it.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::build::{Bench, Language, unix_compiler};
use super::measure::{alternate, output};
use super::samples::Outcome;

/// What a process has used from its start to its end.
pub(super) struct Usage {
    /// The peak memory, in bytes.
    pub(super) peak: f64,
    /// The time of all threads on a processor, in user mode and in the kernel, in nanoseconds.
    pub(super) cpu: f64,
    /// The page faults that needed no input.
    pub(super) faults: f64,
}

/// Runs both commands in rounds and compares one figure.
pub(super) fn compare(
    bench: &Bench<'_>,
    rounds: usize,
    figure: fn(&Usage) -> f64,
    ours: &Command,
    theirs: &Command,
) -> anyhow::Result<Outcome> {
    let Some(meter) = meter(bench)? else {
        return Outcome::missing("a C compiler on a system with `getrusage` is missing");
    };
    let measure = |command: &Command| Ok(figure(&Usage::measure(&meter, command)?));
    alternate(rounds, || measure(ours), || measure(theirs))
}

/// Builds the program that measures. Returns `None` if there is no compiler.
fn meter(bench: &Bench<'_>) -> anyhow::Result<Option<PathBuf>> {
    let Some(cc) = unix_compiler(Language::C) else { return Ok(None) };
    let source = bench.source("usage.c");
    let sh = bench.shell()?;
    let compile = sh.cmd(cc).arg("-O2").arg(&source);
    bench.make(&format!("usage{EXE_SUFFIX}"), &[source], compile).map(Some)
}

impl Usage {
    /// Runs a command whose program is given by its path.
    fn measure(meter: &Path, command: &Command) -> anyhow::Result<Self> {
        let mut command_line = Command::new(meter);
        command_line.arg(command.get_program()).args(command.get_args());
        let text = output(&mut command_line)?;
        let printed = || format!("{command_line:?} printed `{}`", text.trim_end());
        let numbers: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
        match numbers.with_context(printed)?.as_slice() {
            &[peak, cpu, faults] => Ok(Usage { peak, cpu, faults }),
            _ => bail!(printed()),
        }
    }
}
