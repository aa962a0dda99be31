//! `cargo xtask matrix`: the guests, and all that tests compile, with other versions of Emscripten and Rust.
//!
//! An Emscripten is that of a Debian, in a root folder of its own ([`root`]); a Rust is a toolchain of rustup's
//! ([`rust`]). `tests/matrix` lists both and what is known to differ ([`settings`]), and has the script that runs a
//! command in a root folder. The programs that test are those of this machine, so nothing but guests and cases is
//! compiled there. [`report`] is what came of it.

mod report;
mod root;
mod rust;
mod settings;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use xshell::{Cmd, Shell, cmd};

use crate::build::hosts;
use crate::flags::MatrixFlags;
use crate::support::files;
use crate::support::process::{self, ToolFailed};
use crate::support::progress::{Progress, print};
use crate::support::project::{self, Project};
use report::{Failure, Report};
use root::Root;
use rust::Rust;
use settings::Settings;

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &MatrixFlags,
) -> anyhow::Result<()> {
    let settings = Settings::read(&project.root)?;
    let suites = settings.suites(&flags.suite)?;
    root::require_tools()?;
    let folder = project.target.join("matrix");
    let rusts = rust::toolchains(project, progress, &flags.rust)?;
    let programs = Programs::build(project, progress)?;
    let mut reports = Vec::new();
    for suite in suites {
        let root = Root::prepare(project, progress, &folder.join(suite), &settings)?;
        for rust in &rusts {
            let pair = Pair { project, settings: &settings, root: &root, rust };
            reports.push(pair.run(progress, &programs, flags.filter.as_deref())?);
        }
        // Compiled code is the same for both, but not of use to other versions, and large.
        files::remove(&root.cache())?;
    }
    print(&report::table(&reports))?;
    match reports.iter().map(|report| report.failures.len()).sum::<usize>() {
        0 => Ok(()),
        failed => bail!("{failed} failures that tests/matrix/matrix.toml does not know"),
    }
}

/// What builds and tests, compiled for this machine; a newer Debian runs it too.
struct Programs {
    host: PathBuf,
    tests: PathBuf,
    xtask: PathBuf,
}

/// What cargo tells of each thing that it has built.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Where they are in the target folder of a pair; `tests` looks for `host` there.
const HOST: &str = "release/host";
const TESTS: &str = "release/deps/tests";
const XTASK: &str = "debug/xtask";

impl Programs {
    fn build(project: &Project, progress: &Progress) -> anyhow::Result<Self> {
        hosts::build_rust(project, progress)?;
        let step = progress.step("tests");
        let sh = shell(&project.root)?;
        let cargo = project::cargo();
        // The packages that `cargo xtask test` builds: with others, Wasmtime would be compiled again.
        let build = cmd!(
            sh,
            "{cargo} test --release -p linker -p host -p tests --no-run --message-format json"
        );
        let messages = build.quiet().ignore_stderr().read().context("cannot build the tests")?;
        let artifacts = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
        let is_tests = |artifact: &Artifact| artifact.target.name == "tests";
        let tests = artifacts.filter(is_tests).find_map(|artifact| artifact.executable);
        let tests = tests.context("cargo does not tell where the tests are")?;
        step.done("built");
        Ok(Programs { host: project.host(), tests, xtask: std::env::current_exe()? })
    }

    fn place(&self, target: &Path) -> anyhow::Result<()> {
        for (from, to) in [(&self.host, HOST), (&self.tests, TESTS), (&self.xtask, XTASK)] {
            let to = target.join(to);
            files::remove(&to)?;
            let folder = to.parent().map_or(Ok(()), fs::create_dir_all);
            folder
                .and_then(|()| fs::hard_link(from, &to).or_else(|_| fs::copy(from, &to).map(drop)))
                .with_context(|| format!("cannot write `{}`", to.display()))?;
        }
        Ok(())
    }
}

/// An Emscripten and a Rust.
struct Pair<'a> {
    project: &'a Project,
    settings: &'a Settings,
    root: &'a Root,
    rust: &'a Rust,
}

/// Where a pair's tests write what came of each.
const RESULTS: &str = "results.json";

impl Pair<'_> {
    fn run(
        &self,
        progress: &Progress,
        programs: &Programs,
        filter: Option<&str>,
    ) -> anyhow::Result<Report> {
        let label = format!("Emscripten {}, Rust {}", self.root.emscripten, self.rust.version);
        let step = progress.step(label);
        programs.place(&self.target())?;
        files::remove(&self.target().join(RESULTS))?;
        let sh = shell(&self.project.root)?;
        let xtask = format!("target/{XTASK}");
        let build = [&xtask, "build-all", "--guests-only", "--no-setup"].map(str::to_owned);
        if let Some(error) = failure(process::run(&step, self.enter(&sh, &build)?))? {
            return Ok(self.report(vec![Failure::new("guests", error.to_string())]));
        }
        let failed = failure(process::run(&step, self.enter(&sh, &self.tests(filter))?))?;
        let results = fs::read_to_string(self.target().join(RESULTS)).unwrap_or_default();
        let known = self.settings.known(&self.root.suite, &self.rust.version);
        let mut report = self.report(Vec::new());
        if !report.add(&results, &known, filter.is_none()) {
            let why = failed.map_or("did not come to their end".to_owned(), |e| e.to_string());
            report.failures.push(Failure::new("tests", why));
        }
        match report.failures.as_slice() {
            [] => step.done("as expected"),
            // Dropped, a step has failed.
            _ => drop(step),
        }
        Ok(report)
    }

    fn target(&self) -> PathBuf {
        self.root.folder.join(self.rust.version.to_string())
    }

    fn tests(&self, filter: Option<&str>) -> Vec<String> {
        let xtask = self.project.root.join("target").join(XTASK);
        let xtask = format!("TESTS_XTASK={}", xtask.display());
        let (tests, results) = (format!("target/{TESTS}"), format!("target/{RESULTS}"));
        let command = ["env", "TESTS_STRICT=1", "NO_COLOR=1", &xtask, &tests, "--format", "json"];
        let skip = self.settings.skip.iter().flat_map(|prefix| ["--skip", prefix]);
        let args = command.into_iter().chain(["--logfile", &results]).chain(skip).chain(filter);
        args.map(str::to_owned).collect()
    }

    /// A command in the root folder, with the workspace and this pair's target folder.
    fn enter<'s>(&self, sh: &'s Shell, args: &[String]) -> anyhow::Result<Cmd<'s>> {
        let (project, target, cache) = (&self.project.root, self.target(), self.root.cache());
        // In the workspace as it is seen inside nothing can be made.
        for folder in [&project.join("target"), &target, &cache] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        }
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let command = self.root.enter(sh, &args).env("PROJECT", project).env("TARGET", target);
        let command = command.env("CACHE", cache).env("RUST", &self.rust.folder);
        Ok(command.env("CARGO_HOME", root::cargo_home()?))
    }

    fn report(&self, failures: Vec<Failure>) -> Report {
        Report::new(&self.root.emscripten, &self.root.suite, &self.rust.version, failures)
    }
}

/// What a tool has failed with; any other error ends the run.
fn failure(result: anyhow::Result<()>) -> anyhow::Result<Option<ToolFailed>> {
    match result {
        Ok(()) => Ok(None),
        Err(error) => error.downcast::<ToolFailed>().map(Some),
    }
}

fn shell(folder: &Path) -> anyhow::Result<Shell> {
    let sh = Shell::new().context("cannot read the current folder")?;
    sh.change_dir(folder);
    Ok(sh)
}
