//! The report of a run: its table, and its file for later comparisons.

use std::env::consts;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::rows::{Goal, Row, Unit};
use super::samples::{Outcome, Samples, median};
use crate::support::files;
use crate::support::markdown;
use crate::support::project::Project;

/// The findings of a run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BenchReport {
    commit: Option<String>,
    machine: String,
    pub(super) rows: Vec<Finding>,
}

/// The result of a row. `ours` and `theirs` are medians; `outcome` has every round.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Finding {
    name: String,
    what: String,
    peer: String,
    unit: Unit,
    ours: Option<f64>,
    theirs: Option<f64>,
    ratio: Option<f64>,
    /// The lower and the upper quartile of the rounds' ratios.
    ratio_between: Option<[f64; 2]>,
    /// Reports are read to compare with their ratios. Older ones have goals of another form.
    #[serde(skip_deserializing)]
    goal: Option<Goal>,
    outcome: Outcome,
}

impl Finding {
    pub(super) fn new(row: &Row, outcome: Outcome) -> Self {
        let samples = match &outcome {
            Outcome::Measured(samples) => Some(samples),
            _ => None,
        };
        Finding {
            name: row.name.to_owned(),
            what: row.what.to_owned(),
            peer: row.peer.to_owned(),
            unit: row.unit,
            ours: samples.map(|samples| median(&samples.ours)),
            theirs: samples.map(|samples| median(&samples.theirs)),
            ratio: samples.map(Samples::ratio),
            ratio_between: samples.and_then(Samples::spread),
            goal: row.goal,
            outcome,
        }
    }

    fn cells(&self) -> Vec<String> {
        let result = match (&self.outcome, self.ratio, self.ratio_between) {
            (Outcome::Missing { reason } | Outcome::Failed { reason }, ..) => {
                reason.lines().next().unwrap_or_default().to_owned()
            }
            (_, Some(ratio), Some([low, high])) => {
                format!("{} ({} to {})", number(ratio), number(low), number(high))
            }
            (_, Some(ratio), None) => number(ratio),
            (_, None, _) => String::new(),
        };
        let amount = |figure: Option<f64>| figure.map(|figure| self.unit.amount(figure));
        vec![
            self.name.clone(),
            self.what.clone(),
            amount(self.ours).unwrap_or_default(),
            self.peer.clone(),
            amount(self.theirs).unwrap_or_default(),
            result,
            self.goal.map(|goal| self.goal_cell(goal)).unwrap_or_default(),
        ]
    }

    /// Returns the goal, and whether it is met.
    fn goal_cell(&self, goal: Goal) -> String {
        let (text, figure, limit) = match goal {
            Goal::Ratio(limit) => (format!("≤ {limit}"), self.ratio, limit),
            Goal::Ours(limit) => (format!("ours ≤ {}", self.unit.amount(limit)), self.ours, limit),
        };
        match figure {
            Some(figure) if figure <= limit => format!("{text} ✔"),
            Some(_) => format!("{text} ✘"),
            None => text,
        }
    }

    /// Returns the ratio of an earlier run, and the change since. Both ratios are to the same peer,
    /// so a different load of the machine cancels out.
    fn change(&self, before: &BenchReport) -> Vec<String> {
        let before = before.rows.iter().find(|row| row.name == self.name);
        match (before.and_then(|row| row.ratio), self.ratio) {
            (Some(before), Some(now)) => {
                vec![number(before), format!("{:+.1} %", (now / before - 1.0) * 100.0)]
            }
            _ => vec![String::new(); 2],
        }
    }
}

impl Unit {
    /// Formats a figure.
    fn amount(self, figure: f64) -> String {
        const KIB: f64 = 1024.0;
        const MIB: f64 = 1024.0 * KIB;
        match self {
            Unit::Count => format!("{figure}"),
            Unit::Bytes if figure < MIB => format!("{:.1} KiB", figure / KIB),
            Unit::Bytes => format!("{:.1} MiB", figure / MIB),
            Unit::Nanoseconds if figure < 1e3 => format!("{figure:.2} ns"),
            Unit::Nanoseconds if figure < 1e6 => format!("{:.2} µs", figure / 1e3),
            Unit::Nanoseconds if figure < 1e9 => format!("{:.1} ms", figure / 1e6),
            Unit::Nanoseconds => format!("{:.2} s", figure / 1e9),
        }
    }
}

fn number(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") }
}

impl BenchReport {
    pub(super) fn new(project: &Project) -> Self {
        BenchReport { commit: commit(project), machine: machine(), rows: Vec::new() }
    }

    /// Formats the table in Markdown. `before` is an earlier run and its name.
    pub(super) fn table(&self, before: Option<(&BenchReport, &str)>) -> String {
        let mut header = ["row", "what", "ours", "compared with", "theirs", "ratio", "goal"]
            .map(str::to_owned)
            .to_vec();
        if let Some((_, name)) = before {
            header.extend([format!("ratio of {name}"), "change".to_owned()]);
        }
        let cells = |row: &Finding| {
            let change = before.map(|(before, _)| row.change(before)).unwrap_or_default();
            [row.cells(), change].concat()
        };
        let lines: Vec<_> = [header].into_iter().chain(self.rows.iter().map(cells)).collect();
        let commit = self.commit.as_deref().unwrap_or("an unknown commit");
        let mut text = markdown::table(&lines);
        text += &format!(
            "\n{commit}, {}; medians of alternating rounds, in brackets the lower and the upper \
             quartile of the rounds' ratios\n",
            self.machine
        );
        text
    }

    /// Returns the number of rows that could not be measured.
    pub(super) fn failed(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.outcome, Outcome::Failed { .. })).count()
    }

    pub(super) fn save(&self, project: &Project, name: &str) -> anyhow::Result<()> {
        let file = file(project, name)?;
        files::create_folder(&project.bench())?;
        files::write(&file, serde_json::to_string_pretty(self)? + "\n")
    }

    pub(super) fn read(project: &Project, name: &str) -> anyhow::Result<Self> {
        let file = file(project, name)?;
        let text = fs::read_to_string(&file).with_context(|| {
            format!("cannot read `{}`; `cargo xtask bench --save {name}` writes it", file.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("`{}` is not a report", file.display()))
    }
}

/// Returns the path of a saved report.
fn file(project: &Project, name: &str) -> anyhow::Result<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        bail!("`{name}` is not a valid name for a report: use letters, digits, -, _ and .");
    }
    Ok(project.bench().join(format!("{name}.json")))
}

/// Returns the commit that is checked out.
fn commit(project: &Project) -> Option<String> {
    let mut git = Command::new("git");
    git.current_dir(&project.root).args(["describe", "--always", "--dirty"]);
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Describes the machine: its processors, and its load before the first row if the system reports
/// it.
fn machine() -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = match load.split(' ').next() {
        Some("") | None => String::new(),
        Some(load) => format!(", load {load} before"),
    };
    format!("{processors} processors, {} {}{load}", consts::ARCH, consts::OS)
}
