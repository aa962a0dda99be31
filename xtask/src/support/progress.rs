//! What the user sees while tools run: a live line for each step on a terminal, else plain lines.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Prints to the standard output. A closed pipe, such as to `head`, is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to the standard output"),
    }
}

/// The steps of one run, some of which run in parallel.
pub(crate) struct Progress {
    bars: MultiProgress,
    is_live: bool,
    is_verbose: bool,
}

impl Progress {
    pub(crate) fn new(is_verbose: bool) -> Self {
        let is_live = std::io::stderr().is_terminal() && !is_verbose;
        Progress { bars: MultiProgress::new(), is_live, is_verbose }
    }

    /// Starts a step. [`Step::done`] reports success; dropping the step reports failure.
    pub(crate) fn step(&self, label: impl Into<String>) -> Step<'_> {
        let label = label.into();
        let bar = self.is_live.then(|| self.bar(&label));
        Step { progress: self, label, bar, start: Instant::now(), has_ended: false }
    }

    fn bar(&self, label: &str) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_style(style("{spinner:.cyan} {prefix} {elapsed:>4.dim} {wide_msg:.dim}"));
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// Prints a line above the live ones.
    pub(crate) fn line(&self, line: impl Display) {
        let line = line.to_string();
        if !self.is_live || self.bars.println(&line).is_err() {
            eprintln!("{line}");
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are literals of this file: a bad one shows at once and only affects the looks.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// A part of a run that takes time, and the line that shows it.
pub(crate) struct Step<'a> {
    progress: &'a Progress,
    label: String,
    bar: Option<ProgressBar>,
    start: Instant,
    has_ended: bool,
}

impl Step<'_> {
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Shows a command that is about to run, if the user asked for that.
    pub(crate) fn command(&self, line: &str) {
        if self.progress.is_verbose {
            self.progress.line(format_args!("$ {line}"));
        }
    }

    /// Shows a line that a tool printed. Returns whether the user has now seen it in full.
    pub(crate) fn output(&self, line: &str) -> bool {
        if self.progress.is_verbose {
            self.progress.line(format_args!("{}: {line}", self.label));
        } else if let Some(bar) = &self.bar {
            let plain = line.trim().chars().filter(|c| !c.is_control());
            bar.set_message(plain.collect::<String>());
        }
        self.progress.is_verbose
    }

    /// Shows what a long step is doing: in the live line, or else as a line of its own.
    pub(crate) fn announce(&self, what: impl Display) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_string()),
            None => self.progress.line(format_args!("{}: {what}", self.label)),
        }
    }

    /// Returns whether a live line shows the step.
    pub(crate) fn is_live(&self) -> bool {
        self.bar.is_some()
    }

    /// Ends the step with success.
    pub(crate) fn done(mut self, outcome: impl Display) {
        self.end("✔", outcome);
    }

    fn end(&mut self, mark: &str, outcome: impl Display) {
        self.has_ended = true;
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.start.elapsed().as_secs_f64();
        self.progress.line(format_args!("{mark} {}: {outcome} ({seconds:.1} s)", self.label));
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end("✘", "failed");
        }
    }
}
