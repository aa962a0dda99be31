//! The programs that build and test in every root folder, compiled once for this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use xshell::cmd;

use crate::build::hosts;
use crate::support::files;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::{self, Project};

/// The paths of the programs in the target folder of a pair. `tests` looks for `host` there.
const HOST: &str = "release/host";
pub(super) const TESTS: &str = "release/deps/tests";
pub(super) const XTASK: &str = "debug/xtask";

/// The programs, as they are built on this machine. A newer Debian runs them too.
pub(super) struct TestPrograms {
    host: PathBuf,
    tests: PathBuf,
    xtask: PathBuf,
}

/// The part of cargo's message about a built target that is used here.
#[derive(Deserialize)]
struct ArtifactMessage {
    target: NamedTarget,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct NamedTarget {
    name: String,
}

impl TestPrograms {
    /// Builds the programs.
    pub(super) fn build(project: &Project, progress: &Progress) -> anyhow::Result<Self> {
        hosts::build_rust(project, progress)?;
        let step = progress.step("tests");
        let sh = process::shell(&project.root)?;
        let cargo = project::cargo();
        // The same packages as in `cargo xtask test`: for others, Wasmtime would be compiled again.
        let build = cmd!(
            sh,
            "{cargo} test --release -p linker -p host -p tests --no-run --message-format json"
        );
        let messages = build.quiet().ignore_stderr().read().context("cannot build the tests")?;
        let tests = executable(&messages, "tests").context("cargo does not report the tests")?;
        step.done("built");
        Ok(TestPrograms { host: project.host(), tests, xtask: env::current_exe()? })
    }

    /// Puts the programs into a target folder, as links where possible.
    pub(super) fn place(&self, target: &Path) -> anyhow::Result<()> {
        for (program, path) in [(&self.host, HOST), (&self.tests, TESTS), (&self.xtask, XTASK)] {
            let path = target.join(path);
            files::remove(&path)?;
            if let Some(folder) = path.parent() {
                files::create_folder(folder)?;
            }
            fs::hard_link(program, &path)
                .or_else(|_| fs::copy(program, &path).map(drop))
                .with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        Ok(())
    }
}

/// Returns the program of a target, from cargo's messages.
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    let artifacts =
        messages.lines().filter_map(|line| serde_json::from_str::<ArtifactMessage>(line).ok());
    let mut of_target = artifacts.filter(|artifact| artifact.target.name == target);
    of_target.find_map(|artifact| artifact.executable)
}
