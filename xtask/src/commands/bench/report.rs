//! The table, and files of earlier runs to compare with.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::rows::{Row, Unit};
use super::{Outcome, Samples, quartile};
use crate::support::markdown;
use crate::support::project::Project;

/// What a run found.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    commit: Option<String>,
    machine: String,
    pub(super) rows: Vec<Finding>,
}

/// What came of a row; the numbers are medians, but for the rounds in `outcome`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Finding {
    name: String,
    what: String,
    peer: String,
    unit: String,
    ours: Option<f64>,
    theirs: Option<f64>,
    ratio: Option<f64>,
    /// Between these lies the middle half of the rounds' ratios.
    ratio_between: Option<[f64; 2]>,
    goal: Option<f64>,
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
            unit: match row.unit {
                Unit::Nanoseconds => "ns".to_owned(),
                Unit::Bytes => BYTES.to_owned(),
            },
            ours: samples.map(|samples| quartile(&samples.ours, 2)),
            theirs: samples.map(|samples| quartile(&samples.theirs, 2)),
            ratio: samples.map(Samples::ratio),
            ratio_between: samples.map(Samples::spread),
            goal: row.goal,
            outcome,
        }
    }

    fn amount(&self, amount: Option<f64>) -> String {
        match amount {
            None => String::new(),
            Some(bytes) if self.unit == BYTES => format!("{:.1} MiB", bytes / 1024.0 / 1024.0),
            Some(time) if time < 1e3 => format!("{time:.2} ns"),
            Some(time) if time < 1e6 => format!("{:.2} µs", time / 1e3),
            Some(time) if time < 1e9 => format!("{:.1} ms", time / 1e6),
            Some(time) => format!("{:.2} s", time / 1e9),
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
            _ => String::new(),
        };
        let goal = self.goal.map(|goal| match self.ratio {
            Some(ratio) if ratio <= goal => format!("≤ {goal} ✔"),
            Some(_) => format!("≤ {goal} ✘"),
            None => format!("≤ {goal}"),
        });
        vec![
            self.name.clone(),
            self.what.clone(),
            self.amount(self.ours),
            self.peer.clone(),
            self.amount(self.theirs),
            result,
            goal.unwrap_or_default(),
        ]
    }

    /// The ratio that was saved, and what has changed since. The peer is the same on both sides, so
    /// another load of the machine cancels out.
    fn change(&self, before: &Report) -> Vec<String> {
        let before = before.rows.iter().find(|row| row.name == self.name);
        match (before.and_then(|row| row.ratio), self.ratio) {
            (Some(before), Some(now)) => {
                vec![number(before), format!("{:+.1} %", (now / before - 1.0) * 100.0)]
            }
            _ => vec![String::new(); 2],
        }
    }
}

const BYTES: &str = "bytes";

fn number(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") }
}

impl Report {
    pub(super) fn new(project: &Project) -> Self {
        Report { commit: commit(project), machine: machine(), rows: Vec::new() }
    }

    /// In Markdown, so that it can be pasted, with columns in line.
    pub(super) fn table(&self, before: Option<(&Report, &str)>) -> String {
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
            "\n{commit}, {}; medians of rounds that alternate, in brackets where the middle half of the rounds' ratios lies\n",
            self.machine
        );
        text
    }

    pub(super) fn save(&self, project: &Project, name: &str) -> anyhow::Result<()> {
        let file = file(project, name)?;
        let text = serde_json::to_string_pretty(self)? + "\n";
        let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
        folder
            .and_then(|()| fs::write(&file, text))
            .with_context(|| format!("cannot write `{}`", file.display()))
    }

    pub(super) fn read(project: &Project, name: &str) -> anyhow::Result<Self> {
        let file = file(project, name)?;
        let text = fs::read_to_string(&file).with_context(|| {
            format!("cannot read `{}`; `cargo xtask bench --save {name}` writes it", file.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("`{}` is no report", file.display()))
    }
}

fn file(project: &Project, name: &str) -> anyhow::Result<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        bail!("`{name}` is no name for a report: use letters, digits, -, _ and .");
    }
    Ok(project.bench().join(format!("{name}.json")))
}

fn commit(project: &Project) -> Option<String> {
    let mut git = Command::new("git");
    git.current_dir(&project.root).args(["describe", "--always", "--dirty"]);
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Processors, and how busy they were before the first row, where the system tells.
fn machine() -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().filter(|load| !load.is_empty());
    let load = load.map(|load| format!(", load {load} before")).unwrap_or_default();
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{processors} processors, {arch} {os}{load}")
}
