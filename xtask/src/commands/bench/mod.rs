//! `cargo xtask bench`: measures speed, memory and size, as ratios to other programs that do the
//! same.
//!
//! `rows.rs` lists the comparisons. `processes.rs` measures whole processes, and `sizes.rs` files.
//! What happens inside a process is measured by programs of their own (`programs.rs`), since this
//! program does not contain Wasmtime: `tests/benches/peers.rs` and `tests/wit-component`.
//! `build.rs` and `pairs.rs` build what is compared, and `report.rs` formats the table.

mod build;
mod crates;
mod dev;
mod measure;
mod pairs;
mod processes;
mod programs;
mod report;
mod rows;
mod samples;
mod server;
mod sizes;
mod third_party;
mod tour;
mod usage;

use anyhow::bail;

use crate::build::hosts;
use crate::build::manifest::Manifest;
use crate::build::publish;
use crate::commands::setup;
use crate::flags::{BenchFlags, SetupFlags};
use crate::support::interrupt::Interrupted;
use crate::support::progress::{Progress, Step, print};
use crate::support::project::Project;
use crate::tools::emscripten::Emscripten;
use build::Bench;
use report::{BenchReport, Finding};
use rows::{ROWS, Row};
use samples::Outcome;

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &BenchFlags,
) -> anyhow::Result<()> {
    let rows = choose_rows(flags.filter.as_deref())?;
    let before =
        flags.against.as_deref().map(|name| BenchReport::read(project, name)).transpose()?;
    let manifest = Manifest::read(&project.manifest())?;
    if !flags.no_setup {
        setup::ensure(project, progress, &SetupFlags::default())?;
    }
    publish::build_guests(project, progress, &manifest, None)?;
    hosts::build_rust(project, progress)?;
    let report = measure_rows(project, progress, &manifest, &rows)?;
    if let Some(name) = &flags.save {
        report.save(project, name)?;
    }
    if flags.json {
        print(&(serde_json::to_string_pretty(&report)? + "\n"))?;
    } else {
        print(&report.table(before.as_ref().zip(flags.against.as_deref())))?;
    }
    match report.failed() {
        0 => Ok(()),
        failed => bail!("{failed} of the rows could not be measured; the table says why"),
    }
}

/// Returns the rows whose name contains the filter.
fn choose_rows(filter: Option<&str>) -> anyhow::Result<Vec<&'static Row>> {
    let rows: Vec<_> = ROWS.iter().filter(|row| row.is_wanted(filter)).collect();
    if rows.is_empty() {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        bail!("no row has that in its name; the rows are {}", names.join(", "));
    }
    Ok(rows)
}

/// Measures each row. A failure becomes the row's outcome.
fn measure_rows(
    project: &Project,
    progress: &Progress,
    manifest: &Manifest,
    rows: &[&Row],
) -> anyhow::Result<BenchReport> {
    let emscripten = Emscripten::find(project)?;
    let mut report = BenchReport::new(project);
    for row in rows {
        let step = progress.step(row.name);
        let bench = Bench { project, manifest, emscripten: &emscripten, step: &step };
        let outcome = match (row.measure)(&bench) {
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => Outcome::Failed { reason: format!("{error:#}") },
            Ok(outcome) => outcome,
        };
        end(step, &outcome);
        report.rows.push(Finding::new(row, outcome));
    }
    Ok(report)
}

/// Ends a row's step.
fn end(step: Step<'_>, outcome: &Outcome) {
    match outcome {
        Outcome::Measured(samples) => step.done(format_args!("{:.3}", samples.ratio())),
        Outcome::Missing { reason } => step.done(reason),
        // A step that is dropped has failed.
        Outcome::Failed { .. } => drop(step),
    }
}
