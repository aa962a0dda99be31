//! What the user sees while tools run: a live line a step at a terminal, plain lines elsewhere.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Prints to the standard output. A reader that has gone away, such as `head`, is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to the standard output"),
    }
}

/// All steps of one run. They may run side by side.
pub(crate) struct Progress {
    bars: MultiProgress,
    live: bool,
    verbose: bool,
}

impl Progress {
    pub(crate) fn new(verbose: bool) -> Self {
        let live = std::io::stderr().is_terminal() && !verbose;
        Progress { bars: MultiProgress::new(), live, verbose }
    }

    /// Begins a step; [`Step::done`] ends it well, dropping it ends it badly.
    pub(crate) fn step(&self, label: impl Into<String>) -> Step<'_> {
        let label = label.into();
        let bar = self.live.then(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            bar.set_style(style("{spinner:.cyan} {prefix} {elapsed:>4.dim} {wide_msg:.dim}"));
            bar.set_prefix(label.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Step { progress: self, label, bar, start: Instant::now(), ended: false }
    }

    /// Prints a line above the live ones.
    pub(crate) fn line(&self, line: impl Display) {
        let line = line.to_string();
        if !self.live || self.bars.println(&line).is_err() {
            eprintln!("{line}");
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are literals of this file, so a bad one is seen at once and costs only looks.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Something that takes time, and the line that shows it.
pub(crate) struct Step<'a> {
    progress: &'a Progress,
    label: String,
    bar: Option<ProgressBar>,
    start: Instant,
    ended: bool,
}

impl Step<'_> {
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// A command is about to run.
    pub(crate) fn command(&self, line: &str) {
        if self.progress.verbose {
            self.progress.line(format_args!("$ {line}"));
        }
    }

    /// A line that a tool printed; tells whether the user has seen it in full.
    pub(crate) fn output(&self, line: &str) -> bool {
        if self.progress.verbose {
            self.progress.line(format_args!("{}: {line}", self.label));
        } else if let Some(bar) = &self.bar {
            let plain = line.trim().chars().filter(|c| !c.is_control());
            bar.set_message(plain.collect::<String>());
        }
        self.progress.verbose
    }

    /// Tells what a step that takes long is about, where no live line shows it.
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

    /// Ends the step well.
    pub(crate) fn done(mut self, outcome: impl Display) {
        self.end("✔", outcome);
    }

    fn end(&mut self, mark: &str, outcome: impl Display) {
        self.ended = true;
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.start.elapsed().as_secs_f64();
        self.progress.line(format_args!("{mark} {}: {outcome} ({seconds:.1} s)", self.label));
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.end("✘", "failed");
        }
    }
}
