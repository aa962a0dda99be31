//! Runs `cargo build` and similar commands, with a line that shows their progress.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use serde::Deserialize;
use xshell::{Cmd, cmd};

use crate::support::child::{Event, Pipe};
use crate::support::process;
use crate::support::progress::Step;
use crate::support::project::{self, Project};

/// Builds a package of the workspace in release mode, and returns what cargo reports about it.
///
/// # Errors
///
/// If it cannot be built, with the compiler's output.
pub(crate) fn build(
    project: &Project,
    step: &Step<'_>,
    package: &str,
) -> anyhow::Result<CargoOutput> {
    let sh = process::shell(&project.root)?;
    let cargo = project::cargo();
    let count = || count_crates(project, package).ok();
    run(step, cmd!(sh, "{cargo} build --release -p {package}"), count)
}

/// Runs a cargo command that compiles crates. `count` returns how many there are, if that is known.
pub(crate) fn run(
    step: &Step<'_>,
    cmd: Cmd<'_>,
    count: impl FnOnce() -> Option<usize>,
) -> anyhow::Result<CargoOutput> {
    let mut count = Some(count);
    let mut meter = Meter::default();
    let mut line = MeterLine::new();
    // With this format, the compilers' messages still go to the standard error.
    let format = ["--message-format", "json-render-diagnostics"];
    process::run_observed(step, cmd, &format, |event| {
        meter.observe(event);
        if line.is_due(step, &meter) {
            if let Some(count) = count.take() {
                meter.total = count();
            }
            line.show(step, &meter);
        }
    })?;
    Ok(meter.output)
}

/// Returns whether a package is built with a crate that compiles C or C++.
pub(crate) fn compiles_c(project: &Project, package: &str, triple: &str) -> anyhow::Result<bool> {
    let list = process::read(list_crates(project, package, &["--target", triple]))?;
    let is_compiler = |line: &str| line.starts_with("cc v") || line.starts_with("cmake v");
    Ok(list.lines().any(is_compiler))
}

/// Counts the crates that a package is built from, including itself.
fn count_crates(project: &Project, package: &str) -> anyhow::Result<usize> {
    Ok(count_listed(&process::read(list_crates(project, package, &["--offline"]))?))
}

/// Returns the command that lists the crates that a package is built from.
fn list_crates(project: &Project, package: &str, options: &[&str]) -> Command {
    let mut command = Command::new(project::cargo());
    command.current_dir(&project.root);
    command.args(["tree", "-p", package, "-e", "normal,build"]).args(options);
    command.args(["--prefix", "none", "--format", "{p}"]);
    command
}

/// Counts the crates in the output of `cargo tree`. A line is `NAME vVERSION` and remarks; a crate
/// has a line for each crate that depends on it.
fn count_listed(tree: &str) -> usize {
    let crates = tree.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>());
    crates.collect::<BTreeSet<_>>().len()
}

/// The files and folders of a build, as cargo reports them.
#[derive(Debug, Default)]
pub(crate) struct CargoOutput {
    /// Names of packages, each with a file that was built from it.
    files: Vec<(String, PathBuf)>,
    /// Names of packages with a build script, each with the script's output folder.
    out_dirs: Vec<(String, PathBuf)>,
}

impl CargoOutput {
    /// Returns the file that was built from a package.
    pub(crate) fn file(&self, package: &str) -> anyhow::Result<&Path> {
        find(&self.files, package).ok_or_else(|| anyhow!("cargo built no file from `{package}`"))
    }

    /// Returns the output folder of a package's build script.
    pub(crate) fn out_dir(&self, package: &str) -> anyhow::Result<&Path> {
        let found = find(&self.out_dirs, package);
        found.ok_or_else(|| anyhow!("cargo ran no build script of `{package}`"))
    }
}

fn find<'a>(paths: &'a [(String, PathBuf)], package: &str) -> Option<&'a Path> {
    paths.iter().find(|(name, _)| name == package).map(|(_, path)| path.as_path())
}

/// The part of a line of cargo's JSON that is used here.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        package_id: String,
        target: ArtifactTarget,
        filenames: Vec<PathBuf>,
    },
    BuildScriptExecuted {
        package_id: String,
        out_dir: PathBuf,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    kind: Vec<String>,
}

/// Returns the name in a package's identifier: `…#NAME@VERSION`, or `…/NAME#VERSION`.
fn package_name(id: &str) -> &str {
    let (url, fragment) = id.rsplit_once('#').unwrap_or((id, ""));
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None => url.rsplit('/').next().unwrap_or(url),
    }
}

/// The progress of cargo, read from its output.
#[derive(Debug, Default)]
struct Meter {
    output: CargoOutput,
    /// The identifiers of the packages that are finished.
    done: BTreeSet<String>,
    /// The number of packages, if it is known.
    total: Option<usize>,
    /// The names of the packages that cargo has started and not finished, oldest first.
    started: Vec<String>,
}

impl Meter {
    fn observe(&mut self, event: Event<'_>) {
        match event {
            Event::Line(Pipe::Report, line) => self.report(line),
            Event::Line(Pipe::Log, line) => self.log(&String::from_utf8_lossy(line)),
            Event::Tick => {}
        }
    }

    fn report(&mut self, line: &[u8]) {
        // A line that cannot be read, perhaps of a newer cargo, only makes the count wrong.
        match serde_json::from_slice(line).unwrap_or(Message::Other) {
            Message::CompilerArtifact { package_id, target, filenames } => {
                if !target.kind.iter().any(|kind| kind == "custom-build") {
                    self.finish(package_id, filenames);
                }
            }
            Message::BuildScriptExecuted { package_id, out_dir } => {
                self.output.out_dirs.push((package_name(&package_id).to_owned(), out_dir));
            }
            Message::Other => {}
        }
    }

    fn finish(&mut self, id: String, filenames: Vec<PathBuf>) {
        let name = package_name(&id).to_owned();
        self.started.retain(|started| *started != name);
        self.output.files.extend(filenames.into_iter().map(|file| (name.clone(), file)));
        self.done.insert(id);
    }

    /// Reads `   Compiling NAME vVERSION`.
    fn log(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        if words.next() == Some("Compiling") {
            self.started.extend(words.next().map(str::to_owned));
        }
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.done.len())?;
        if let Some(total) = self.total {
            write!(f, " of {total}")?;
        }
        f.write_str(" crates compiled")?;
        match self.started.last() {
            Some(name) => write!(f, ", now {name}"),
            None => Ok(()),
        }
    }
}

/// The line that shows a [`Meter`]. A live line always shows it; without one, a new line is printed
/// every half a minute.
struct MeterLine {
    start: Instant,
    shown: Instant,
}

impl MeterLine {
    /// A build with nothing to do ends before this.
    const DELAY: Duration = Duration::from_secs(1);
    const INTERVAL: Duration = Duration::from_secs(30);

    fn new() -> Self {
        let start = Instant::now();
        MeterLine { start, shown: start }
    }

    /// Returns whether to show the meter now. Before cargo compiles, it may download; it prints
    /// about that itself.
    fn is_due(&self, step: &Step<'_>, meter: &Meter) -> bool {
        let since = if step.is_live() { Self::DELAY } else { Self::INTERVAL };
        self.shown.elapsed() >= since && !meter.done.is_empty()
    }

    fn show(&mut self, step: &Step<'_>, meter: &Meter) {
        if step.is_live() {
            return step.announce(meter);
        }
        let time = Duration::from_secs(self.start.elapsed().as_secs());
        step.announce(format_args!("{meter} ({})", humantime::format_duration(time)));
        self.shown = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build in which `sha2` is fresh and `wasmtime` has a build script. Only the fields that are
    /// read.
    const REPORTS: [&str; 4] = [
        r#"{"reason":"compiler-artifact","package_id":"registry+https://r.io/index#sha2@0.10.9",
            "target":{"kind":["lib"]},"filenames":["/t/libsha2.rlib"],"fresh":true}"#,
        r#"{"reason":"compiler-artifact","package_id":"registry+https://r.io/index#wasmtime@48.0.8",
            "target":{"kind":["custom-build"]},"filenames":["/t/build-script-build"]}"#,
        r#"{"reason":"build-script-executed","out_dir":"/t/build/wasmtime/out",
            "package_id":"registry+https://r.io/index#wasmtime@48.0.8"}"#,
        r#"{"reason":"compiler-artifact","package_id":"path+file:///p/host#0.1.0",
            "target":{"kind":["lib"]},"filenames":["/t/libhost.rlib"],"fresh":false}"#,
    ];

    #[test]
    fn a_crate_counts_as_compiled_when_its_library_is() {
        let mut meter = Meter { total: Some(202), ..Meter::default() };
        let report = |meter: &mut Meter, line: &str| {
            meter.observe(Event::Line(Pipe::Report, line.as_bytes()));
            meter.to_string()
        };
        let log = |meter: &mut Meter, line: &str| {
            meter.observe(Event::Line(Pipe::Log, line.as_bytes()));
            meter.to_string()
        };
        assert_eq!(report(&mut meter, REPORTS[0]), "1 of 202 crates compiled");
        let expected = log(&mut meter, "   Compiling wasmtime v48.0.8\n");
        assert_eq!(expected, "1 of 202 crates compiled, now wasmtime");
        assert_eq!(report(&mut meter, REPORTS[1]), expected);
        assert_eq!(report(&mut meter, REPORTS[2]), expected);
        let expected = log(&mut meter, "   Compiling host v0.1.0 (/p/host)\n");
        assert_eq!(expected, "1 of 202 crates compiled, now host");
        assert_eq!(log(&mut meter, "warning: unused variable: `x`\n"), expected);
        // The crate that is still being compiled is named again.
        assert_eq!(report(&mut meter, REPORTS[3]), "2 of 202 crates compiled, now wasmtime");
        assert_eq!(report(&mut meter, "no message"), "2 of 202 crates compiled, now wasmtime");
    }

    #[test]
    fn files_are_found_by_the_name_of_their_package() {
        let mut meter = Meter::default();
        for line in REPORTS {
            meter.observe(Event::Line(Pipe::Report, line.as_bytes()));
        }
        let output = meter.output;
        assert_eq!(output.file("host").unwrap(), Path::new("/t/libhost.rlib"));
        let out_dir = Path::new("/t/build/wasmtime/out");
        assert_eq!(output.out_dir("wasmtime").unwrap(), out_dir);
        let error = output.file("wasmtime-c").unwrap_err().to_string();
        assert_eq!(error, "cargo built no file from `wasmtime-c`");
    }

    #[test]
    fn each_crate_is_counted_once_and_each_version_of_it() {
        let tree = "host v0.1.0 (/p/host)\nsyn v2.0.1\nserde_derive v1.0.1 (proc-macro)\n\
                    syn v2.0.1 (*)\nsyn v3.0.0\n";
        assert_eq!(count_listed(tree), 4);
    }
}
