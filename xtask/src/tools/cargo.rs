//! `cargo build` and the like, with a line that shows how far they are.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use serde::Deserialize;
use xshell::{Cmd, Shell, cmd};

use crate::support::process::{self, Event};
use crate::support::progress::Step;
use crate::support::project::{self, Project};

/// Builds a package of the workspace in release mode, and returns what cargo tells of it.
///
/// # Errors
///
/// When it cannot be built, with the compiler's output.
pub(crate) fn build(project: &Project, step: &Step<'_>, package: &str) -> anyhow::Result<Built> {
    let sh = Shell::new().context("cannot read the current folder")?;
    sh.change_dir(&project.root);
    let cargo = project::cargo();
    let count = || count_crates(project, package).ok();
    run(step, cmd!(sh, "{cargo} build --release -p {package}"), count)
}

/// Runs a command of cargo that compiles; `count` says of how many crates, as far as that is known.
pub(crate) fn run(
    step: &Step<'_>,
    cmd: Cmd<'_>,
    count: impl FnOnce() -> Option<usize>,
) -> anyhow::Result<Built> {
    let mut count = Some(count);
    let mut meter = Meter::default();
    let mut line = Line::new();
    // Compilers' messages go to the standard error, as without this.
    let format = ["--message-format", "json-render-diagnostics"];
    process::observed(step, cmd, &format, |event| {
        meter.take(event);
        if line.is_due(step, &meter) {
            if let Some(count) = count.take() {
                meter.total = count();
            }
            line.show(step, &meter);
        }
    })?;
    Ok(meter.built)
}

/// Counts the crates that a package is built from, itself included.
fn count_crates(project: &Project, package: &str) -> anyhow::Result<usize> {
    let mut command = Command::new(project::cargo());
    command.current_dir(&project.root);
    command.args(["tree", "--offline", "-p", package, "-e", "normal,build"]);
    command.args(["--prefix", "none", "--format", "{p}"]);
    Ok(count_listed(&process::ask(command)?))
}

/// A crate is listed once for each that depends on it, as `NAME vVERSION` and remarks.
fn count_listed(tree: &str) -> usize {
    let crates = tree.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>());
    crates.collect::<BTreeSet<_>>().len()
}

/// What cargo has told of a build: its files.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// The name of each package, and a file that was made of it.
    files: Vec<(String, PathBuf)>,
    /// The name of each package that has a build script, and the folder where that writes.
    out_dirs: Vec<(String, PathBuf)>,
}

impl Built {
    /// Returns the only file that was made of a package.
    pub(crate) fn file(&self, package: &str) -> anyhow::Result<&Path> {
        find(&self.files, package).ok_or_else(|| anyhow!("cargo made no file of `{package}`"))
    }

    /// Returns the folder where a package's build script has written.
    pub(crate) fn out_dir(&self, package: &str) -> anyhow::Result<&Path> {
        let found = find(&self.out_dirs, package);
        found.ok_or_else(|| anyhow!("cargo ran no build script of `{package}`"))
    }
}

fn find<'a>(paths: &'a [(String, PathBuf)], package: &str) -> Option<&'a Path> {
    paths.iter().find(|(name, _)| name == package).map(|(_, path)| path.as_path())
}

/// A line of cargo's JSON, as far as it is of use here.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        package_id: String,
        target: Target,
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
struct Target {
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

/// How far cargo is, from what it prints.
#[derive(Debug, Default)]
struct Meter {
    built: Built,
    /// The identifiers of the packages that are compiled.
    done: BTreeSet<String>,
    /// How many there are, if that is known.
    total: Option<usize>,
    /// The names of the packages that cargo has begun with and not finished, in that order.
    begun: Vec<String>,
}

impl Meter {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Line(Event::REPORT, line) => self.report(line),
            Event::Line(_, line) => self.log(&String::from_utf8_lossy(line)),
            Event::Tick => {}
        }
    }

    fn report(&mut self, line: &[u8]) {
        // What is no message, or one of a later cargo, costs the count and nothing else.
        match serde_json::from_slice(line).unwrap_or(Message::Other) {
            Message::CompilerArtifact { package_id, target, filenames } => {
                if !target.kind.iter().any(|kind| kind == "custom-build") {
                    self.finish(package_id, filenames);
                }
            }
            Message::BuildScriptExecuted { package_id, out_dir } => {
                self.built.out_dirs.push((package_name(&package_id).to_owned(), out_dir));
            }
            Message::Other => {}
        }
    }

    fn finish(&mut self, id: String, filenames: Vec<PathBuf>) {
        let name = package_name(&id).to_owned();
        self.begun.retain(|begun| *begun != name);
        self.built.files.extend(filenames.into_iter().map(|file| (name.clone(), file)));
        self.done.insert(id);
    }

    /// Reads `   Compiling NAME vVERSION`.
    fn log(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        if words.next() == Some("Compiling") {
            self.begun.extend(words.next().map(str::to_owned));
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
        match self.begun.last() {
            Some(name) => write!(f, ", now {name}"),
            None => Ok(()),
        }
    }
}

/// The line that shows a [`Meter`]: a live one always, elsewhere one every half a minute.
struct Line {
    start: Instant,
    shown: Instant,
}

impl Line {
    /// Builds that have nothing to do end before this.
    const DELAY: Duration = Duration::from_secs(1);
    const INTERVAL: Duration = Duration::from_secs(30);

    fn new() -> Self {
        let start = Instant::now();
        Line { start, shown: start }
    }

    /// Cargo may download before it compiles, and tells of that itself.
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

    /// A build in which `sha2` is fresh and `wasmtime` has a build script, without what is not read.
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
    fn a_crate_is_compiled_when_its_library_is() {
        let mut meter = Meter { total: Some(202), ..Meter::default() };
        let report = |meter: &mut Meter, line: &str| {
            meter.take(Event::Line(Event::REPORT, line.as_bytes()));
            meter.to_string()
        };
        let log = |meter: &mut Meter, line: &str| {
            meter.take(Event::Line(Event::LOG, line.as_bytes()));
            meter.to_string()
        };
        assert_eq!(report(&mut meter, REPORTS[0]), "1 of 202 crates compiled");
        let begun = log(&mut meter, "   Compiling wasmtime v48.0.8\n");
        assert_eq!(begun, "1 of 202 crates compiled, now wasmtime");
        assert_eq!(report(&mut meter, REPORTS[1]), begun);
        assert_eq!(report(&mut meter, REPORTS[2]), begun);
        let begun = log(&mut meter, "   Compiling host v0.1.0 (/p/host)\n");
        assert_eq!(begun, "1 of 202 crates compiled, now host");
        assert_eq!(log(&mut meter, "warning: unused variable: `x`\n"), begun);
        // What is still in work is named again.
        assert_eq!(report(&mut meter, REPORTS[3]), "2 of 202 crates compiled, now wasmtime");
        assert_eq!(report(&mut meter, "no message"), "2 of 202 crates compiled, now wasmtime");
    }

    #[test]
    fn files_are_found_by_the_name_of_their_package() {
        let mut meter = Meter::default();
        for line in REPORTS {
            meter.take(Event::Line(Event::REPORT, line.as_bytes()));
        }
        let built = meter.built;
        assert_eq!(built.file("host").unwrap(), Path::new("/t/libhost.rlib"));
        let out_dir = Path::new("/t/build/wasmtime/out");
        assert_eq!(built.out_dir("wasmtime").unwrap(), out_dir);
        let error = built.file("wasmtime-c").unwrap_err().to_string();
        assert_eq!(error, "cargo made no file of `wasmtime-c`");
    }

    #[test]
    fn each_crate_is_counted_once_and_each_version_of_it() {
        let tree = "host v0.1.0 (/p/host)\nsyn v2.0.1\nserde_derive v1.0.1 (proc-macro)\n\
                    syn v2.0.1 (*)\nsyn v3.0.0\n";
        assert_eq!(count_listed(tree), 4);
    }
}
