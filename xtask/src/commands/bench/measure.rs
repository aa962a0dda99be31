//! Runs commands to measure them.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};

use super::samples::{Outcome, Samples};
use crate::support::child;
use crate::support::interrupt;

/// Runs a command to its end, and returns its standard output. It adds as little as possible to the
/// time of the command.
pub(super) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().map_err(|e| child::cannot_start(command, &e))?;
    interrupt::check()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed ({})\n{}", output.status, text.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to its end, and returns the nanoseconds that it took and its standard output.
pub(super) fn time(command: &mut Command) -> anyhow::Result<(f64, String)> {
    let start = Instant::now();
    let text = output(command)?;
    Ok((start.elapsed().as_nanos() as f64, text))
}

/// Runs a number of rounds, each of which measures both sides. A first round fills the caches and
/// does not count.
pub(super) fn alternate(
    rounds: usize,
    mut ours: impl FnMut() -> anyhow::Result<f64>,
    mut theirs: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<Outcome> {
    let mut samples = Samples::default();
    for round in 0..=rounds {
        let our_sample = ours()?;
        let their_sample = theirs()?;
        if round > 0 {
            samples.ours.push(our_sample);
            samples.theirs.push(their_sample);
        }
    }
    Ok(Outcome::Measured(samples))
}

/// Runs a program that measures by itself, and prints the samples as JSON on its last line.
pub(super) fn samples(command: &mut Command) -> anyhow::Result<Outcome> {
    let text = output(command)?;
    let line = text.lines().last().unwrap_or_default();
    let samples = serde_json::from_str(line);
    Ok(Outcome::Measured(samples.with_context(|| format!("{command:?} printed `{line}`"))?))
}
