//! A pair of an Emscripten and a Rust: builds the guests and runs the tests in the root folder.

use std::fs;
use std::path::PathBuf;

use xshell::{Cmd, Shell};

use super::programs::{TESTS, TestPrograms, XTASK};
use super::report::{Failure, PairReport};
use super::root::{self, DebianRoot};
use super::settings::Settings;
use super::toolchain::Toolchain;
use crate::support::files;
use crate::support::process::{self, ToolFailed};
use crate::support::progress::Progress;
use crate::support::project::Project;

pub(super) struct Pair<'a> {
    pub(super) project: &'a Project,
    pub(super) settings: &'a Settings,
    pub(super) root: &'a DebianRoot,
    pub(super) toolchain: &'a Toolchain,
}

/// The file in a pair's target folder to which the tests write their results.
const RESULTS: &str = "results.json";

impl Pair<'_> {
    /// Builds the guests and runs the tests whose name contains the filter.
    ///
    /// # Errors
    ///
    /// If the pair cannot be tested. A build or a test that fails is in the report.
    pub(super) fn run(
        &self,
        progress: &Progress,
        programs: &TestPrograms,
        filter: Option<&str>,
    ) -> anyhow::Result<PairReport> {
        let step = progress
            .step(format!("Emscripten {}, Rust {}", self.root.emscripten, self.toolchain.version));
        programs.place(&self.target())?;
        files::remove(&self.target().join(RESULTS))?;
        let sh = process::shell(&self.project.root)?;
        if let Some(error) = failure(process::run(&step, self.enter(&sh, &build_args())?))? {
            return Ok(self.report(vec![Failure::new("guests", error.to_string())]));
        }
        let failed = failure(process::run(&step, self.enter(&sh, &self.test_args(filter))?))?;
        let report = self.read_results(filter, failed);
        if report.failures.is_empty() {
            step.done("as expected");
        } else {
            // A step that is dropped has failed.
            drop(step);
        }
        Ok(report)
    }

    /// Reads the results of the tests. `failed` is the error of the program that ran them.
    fn read_results(&self, filter: Option<&str>, failed: Option<ToolFailed>) -> PairReport {
        let results = fs::read_to_string(self.target().join(RESULTS)).unwrap_or_default();
        let known = self.settings.known(&self.root.suite, &self.toolchain.version);
        let mut report = self.report(Vec::new());
        let is_complete = report.add(&results, &known, filter.is_none());
        if !is_complete {
            let reason = failed.map_or("the tests did not end".to_owned(), |e| e.to_string());
            report.failures.push(Failure::new("tests", reason));
        }
        report
    }

    /// Returns the pair's target folder.
    fn target(&self) -> PathBuf {
        self.root.folder.join(self.toolchain.version.to_string())
    }

    /// Returns the command that runs the tests, as words.
    fn test_args(&self, filter: Option<&str>) -> Vec<String> {
        let xtask = self.project.root.join("target").join(XTASK);
        let variables = ["TESTS_STRICT=1", "TESTS_ALL=1", "NO_COLOR=1"];
        let mut args: Vec<_> = ["env"].into_iter().chain(variables).map(str::to_owned).collect();
        args.push(format!("TESTS_XTASK={}", xtask.display()));
        args.push(format!("target/{TESTS}"));
        args.extend(["--format", "json", "--logfile"].map(str::to_owned));
        args.push(format!("target/{RESULTS}"));
        for prefix in &self.settings.skip {
            args.extend(["--skip".to_owned(), prefix.clone()]);
        }
        args.extend(filter.map(str::to_owned));
        args
    }

    /// Returns a command that runs in the root folder, with the workspace and this pair's target
    /// folder.
    fn enter<'s>(&self, sh: &'s Shell, args: &[String]) -> anyhow::Result<Cmd<'s>> {
        let project = &self.project.root;
        let target = self.target();
        let cache = self.root.cache();
        // They must exist: inside, the workspace is read-only.
        for folder in [&project.join("target"), &target, &cache] {
            files::create_folder(folder)?;
        }
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        Ok(self
            .root
            .enter(sh, &args)
            .env("PROJECT", project)
            .env("TARGET", target)
            .env("CACHE", cache)
            .env("RUST", &self.toolchain.folder)
            .env("CARGO_HOME", root::cargo_home()?))
    }

    fn report(&self, failures: Vec<Failure>) -> PairReport {
        let version = &self.toolchain.version;
        PairReport::new(&self.root.emscripten, &self.root.suite, version, failures)
    }
}

/// Returns the command that builds the guests, as words.
fn build_args() -> [String; 4] {
    let xtask = format!("target/{XTASK}");
    [&xtask, "build-all", "--guests-only", "--no-setup"].map(str::to_owned)
}

/// Returns the failure of a tool. Any other error remains an error.
fn failure(result: anyhow::Result<()>) -> anyhow::Result<Option<ToolFailed>> {
    match result {
        Ok(()) => Ok(None),
        Err(error) => error.downcast::<ToolFailed>().map(Some),
    }
}
