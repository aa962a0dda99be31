//! The row about `cargo xtask dev`: the time from saving a source file to the demo's result.

use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

use super::build::Bench;
use super::measure::{alternate, time};
use super::samples::Outcome;
use crate::support::child;
use crate::support::files;
use crate::support::project;

/// Compares `dev`, which waits for the file, with `cargo xtask run` after the file was saved. The
/// file is saved as it is: that is enough for it to be compiled again.
pub(super) fn demo(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let source = Source::read(bench)?;
    let mut run = Command::new(project::cargo());
    run.current_dir(&bench.project.root).args(["xtask", "run"]);
    let ours = || {
        // It would build in the rounds of the other side too, so each round has its own.
        let mut dev = Dev::start(bench)?;
        let start = Instant::now();
        source.save()?;
        dev.wait_for("changed: built and ran in ")?;
        Ok(start.elapsed().as_nanos() as f64)
    };
    let theirs = || {
        source.save()?;
        Ok(time(&mut run)?.0)
    };
    alternate(7, ours, theirs)
}

/// The C++ of the demo.
struct Source {
    path: PathBuf,
    text: Vec<u8>,
}

impl Source {
    fn read(bench: &Bench<'_>) -> anyhow::Result<Self> {
        let path = bench.project.root.join("toolbox-cpp").join("src").join("toolbox.cpp");
        Ok(Source { text: files::read(&path)?, path })
    }

    fn save(&self) -> anyhow::Result<()> {
        files::write(&self.path, &self.text)
    }
}

/// A `cargo xtask dev` that has run the demo once. It ends when this is dropped.
struct Dev {
    process: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Dev {
    fn start(bench: &Bench<'_>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("dev").current_dir(&bench.project.root);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|e| child::cannot_start(&command, &e))?;
        let stderr = process.stderr.take().context("`dev` has no standard error")?;
        let mut dev = Dev { process, lines: BufReader::new(stderr).lines() };
        dev.wait_for("built and ran in ")?;
        Ok(dev)
    }

    /// Reads lines up to one with this text.
    fn wait_for(&mut self, text: &str) -> anyhow::Result<()> {
        for line in &mut self.lines {
            let line = line.context("cannot read what `dev` prints")?;
            if line.contains(text) {
                return Ok(());
            }
            if line.contains("failed after ") {
                break;
            }
        }
        bail!("`cargo xtask dev` did not run the demo")
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It waits for a change, so no tool is running.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
