//! `cargo xtask bench`: how fast it is, as ratios to what else does the same.
//!
//! [`rows`] is the list of comparisons. Processes are measured here ([`processes`]); what happens inside a
//! process is measured by programs of their own, since Wasmtime is not in this one's tree: `tests/benches/peers.rs`,
//! and `tests/wit-component`. [`build`] makes what is compared, [`report`] the table.

mod build;
mod processes;
mod programs;
mod report;
mod rows;

use std::process::Command;

use anyhow::bail;
use serde::{Deserialize, Serialize};

use crate::build::hosts;
use crate::build::manifest::Manifest;
use crate::build::publish;
use crate::commands::setup;
use crate::flags::{BenchFlags, SetupFlags};
use crate::support::interrupt::Interrupted;
use crate::support::progress::{Progress, Step, print};
use crate::support::project::Project;
use crate::tools::tool::Emscripten;
use report::{Finding, Report};
use rows::ROWS;

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &BenchFlags,
) -> anyhow::Result<()> {
    let rows: Vec<_> = ROWS.iter().filter(|row| row.is_wanted(flags.filter.as_deref())).collect();
    if rows.is_empty() {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        bail!("no row has that in its name; there are {}", names.join(", "));
    }
    let before = flags.against.as_deref().map(|name| Report::read(project, name)).transpose()?;
    let manifest = Manifest::read(&project.manifest())?;
    if !flags.no_setup {
        setup::ensure(project, progress, &SetupFlags::default())?;
    }
    publish::build_guests(project, progress, &manifest, None)?;
    hosts::build_rust(project, progress)?;
    let emscripten = Emscripten::find(project)?;
    let mut report = Report::new(project);
    let mut failed = 0;
    for row in rows {
        let step = progress.step(row.name);
        let bench = Bench { project, manifest: &manifest, emscripten: &emscripten, step: &step };
        let outcome = match (row.measure)(&bench) {
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                failed += 1;
                Outcome::Failed { reason: format!("{error:#}") }
            }
            Ok(outcome) => outcome,
        };
        conclude(step, &outcome);
        report.rows.push(Finding::new(row, outcome));
    }
    if let Some(name) = &flags.save {
        report.save(project, name)?;
    }
    match flags.json {
        true => print(&(serde_json::to_string_pretty(&report)? + "\n"))?,
        false => print(&report.table(before.as_ref().zip(flags.against.as_deref())))?,
    }
    if failed > 0 {
        bail!("{failed} of the rows could not be measured; the table says why");
    }
    Ok(())
}

fn conclude(step: Step<'_>, outcome: &Outcome) {
    match outcome {
        Outcome::Measured(samples) => step.done(format_args!("{:.3}", samples.ratio())),
        Outcome::Missing { reason } => step.done(reason),
        // Dropped, a step has failed.
        Outcome::Failed { .. } => {}
    }
}

/// What a measurement needs to know.
struct Bench<'a> {
    project: &'a Project,
    manifest: &'a Manifest,
    emscripten: &'a Emscripten,
    step: &'a Step<'a>,
}

/// What came of a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Outcome {
    Measured(Samples),
    /// What it is compared with is not installed.
    Missing {
        #[serde(rename = "missing")]
        reason: String,
    },
    Failed {
        #[serde(rename = "failed")]
        reason: String,
    },
}

impl Outcome {
    fn missing(what: impl Into<String>) -> anyhow::Result<Self> {
        Ok(Outcome::Missing { reason: what.into() })
    }
}

/// Nanoseconds or bytes of each round; both sides took turns.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Samples {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Samples {
    /// Of the medians: one round that something else has slowed down counts for nothing.
    fn ratio(&self) -> f64 {
        quartile(&self.ours, 2) / quartile(&self.theirs, 2)
    }

    /// Between which the middle half of the rounds' ratios lies.
    fn spread(&self) -> [f64; 2] {
        let ratios = self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours / theirs);
        let ratios: Vec<_> = ratios.collect();
        [quartile(&ratios, 1), quartile(&ratios, 3)]
    }
}

/// The number below which so many quarters of them lie; the second one is the median.
fn quartile(numbers: &[f64], quarters: usize) -> f64 {
    let mut numbers = numbers.to_vec();
    numbers.sort_by(f64::total_cmp);
    let at = numbers.len().saturating_sub(1) * quarters / 4;
    numbers.get(at).copied().unwrap_or(f64::NAN)
}

/// Runs a command to its end, for what it prints.
fn output(command: &mut Command) -> anyhow::Result<String> {
    let output =
        command.output().map_err(|e| crate::support::process::cannot_start(command, &e))?;
    crate::support::interrupt::check()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed ({})\n{}", output.status, text.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
