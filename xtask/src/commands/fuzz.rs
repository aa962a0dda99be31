//! `cargo xtask fuzz`: tries random input on the linker and the host, with cargo-fuzz.
//!
//! The targets are in `tests/fuzz`. Those of the linker are compiled without Wasmtime, and without
//! a sanitizer because the linker forbids `unsafe`. Those of the host are compiled with both.
//! Inputs that reach new code are kept in `target/fuzz`, and the next run starts with them.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use xshell::{Cmd, Shell};

use crate::flags::FuzzFlags;
use crate::support::files;
use crate::support::interrupt::Interrupted;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::Project;

/// A program of `tests/fuzz`.
struct FuzzTarget {
    name: &'static str,
    build: FuzzBuild,
    /// The maximum length of an input in bytes. Shorter inputs make for more executions.
    max_len: u32,
}

/// A way to compile targets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FuzzBuild {
    Linker,
    Host,
}

const TARGETS: [FuzzTarget; 10] = [
    FuzzTarget { name: "parse", build: FuzzBuild::Linker, max_len: 1024 },
    FuzzTarget { name: "plan", build: FuzzBuild::Linker, max_len: 2048 },
    FuzzTarget { name: "bind", build: FuzzBuild::Linker, max_len: 2048 },
    FuzzTarget { name: "fuse", build: FuzzBuild::Linker, max_len: 2048 },
    FuzzTarget { name: "open", build: FuzzBuild::Linker, max_len: 2048 },
    FuzzTarget { name: "cli", build: FuzzBuild::Host, max_len: 512 },
    FuzzTarget { name: "cache", build: FuzzBuild::Host, max_len: 1024 },
    FuzzTarget { name: "component", build: FuzzBuild::Host, max_len: 1024 },
    FuzzTarget { name: "differential", build: FuzzBuild::Host, max_len: 4096 },
    FuzzTarget { name: "symbols", build: FuzzBuild::Host, max_len: 4096 },
];

impl FuzzBuild {
    const ALL: [FuzzBuild; 2] = [FuzzBuild::Linker, FuzzBuild::Host];

    fn name(self) -> &'static str {
        match self {
            FuzzBuild::Linker => "linker",
            FuzzBuild::Host => "host",
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            FuzzBuild::Linker => &["--sanitizer", "none"],
            FuzzBuild::Host => &["--sanitizer", "address", "--features", "host"],
        }
    }
}

pub(crate) fn run(project: &Project, progress: &Progress, flags: &FuzzFlags) -> anyhow::Result<()> {
    if let Some(reason) = missing(project) {
        bail!("{reason}");
    }
    let wanted = flags.target.as_deref();
    let is_wanted = |target: &&FuzzTarget| wanted.is_none_or(|name| name == target.name);
    let targets: Vec<_> = TARGETS.iter().filter(is_wanted).collect();
    if targets.is_empty() {
        bail!("there is no such target; the targets are {}", TARGETS.map(|t| t.name).join(", "));
    }
    let fuzz = Fuzz::new(project, progress)?;
    for build in FuzzBuild::ALL {
        let names = targets.iter().filter(|target| target.build == build).map(|t| t.name);
        fuzz.build(build, &names.collect::<Vec<_>>())?;
    }
    fuzz.seed()?;
    let mut failed = Vec::new();
    for target in targets {
        match fuzz.run(target, flags) {
            Err(error) if error.is::<Interrupted>() => return Err(error),
            result => failed.extend(result.err()),
        }
    }
    // Every target has run, even after a failure of another one.
    failed.into_iter().next().map_or(Ok(()), Err)
}

/// Returns a message about something that fuzzing needs and that is not installed, with the way to
/// install it.
pub(crate) fn missing(project: &Project) -> Option<&'static str> {
    if !has_nightly() {
        return Some("no nightly Rust is installed: `rustup toolchain install nightly`");
    }
    if project.program("cargo-fuzz").is_none() {
        return Some("cargo-fuzz is not installed: `cargo xtask setup --fuzz`");
    }
    None
}

/// Returns whether rustup has a nightly toolchain.
pub(crate) fn has_nightly() -> bool {
    let output = Command::new("rustup").args(["toolchain", "list"]).output();
    let is_nightly = |line: &str| line.starts_with("nightly");
    output.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).lines().any(is_nightly))
}

/// What every target needs to be compiled and run.
struct Fuzz<'a> {
    project: &'a Project,
    progress: &'a Progress,
    sh: Shell,
    /// The folder in `target` for programs, corpora and findings.
    folder: PathBuf,
    /// The target triple of this machine.
    triple: String,
}

impl<'a> Fuzz<'a> {
    fn new(project: &'a Project, progress: &'a Progress) -> anyhow::Result<Self> {
        let sh = process::shell(&project.root)?;
        // Cargo finds `cargo-fuzz` on `PATH`.
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = [project.tools().join("bin")].into_iter().chain(env::split_paths(&path));
        sh.set_var("PATH", env::join_paths(folders)?);
        let version = sh.cmd("rustc").arg("-vV").quiet().read().context("cannot run `rustc`")?;
        let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
        Ok(Fuzz {
            project,
            progress,
            sh,
            folder: project.target.join("fuzz"),
            triple: triple.context("`rustc -vV` names no host")?.to_owned(),
        })
    }

    fn build(&self, build: FuzzBuild, targets: &[&str]) -> anyhow::Result<()> {
        for target in targets {
            let step = self.progress.step(format!("fuzz {target}"));
            if build == FuzzBuild::Host && !self.program(build, target).is_file() {
                step.announce(
                    "compiling it, with Wasmtime the first time, which takes some minutes",
                );
            }
            let command = self.nightly().args(["fuzz", "build", "--release"]).args(build.flags());
            let command = command.args(["--fuzz-dir", "tests/fuzz", "--target-dir"]);
            process::run(&step, command.arg(self.folder.join(build.name())).arg(target))?;
            step.done("built");
        }
        Ok(())
    }

    /// Writes the first inputs, which are made from `tests/cases` and the guests.
    fn seed(&self) -> anyhow::Result<()> {
        let step = self.progress.step("fuzz seeds");
        let command = self.nightly().args(["run", "--quiet", "--example", "corpus"]);
        let command = command.args(["--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir"]);
        let command = command.arg(self.folder.join("seeds")).args(["--", "seed", "tests/cases"]);
        process::run(&step, command.arg(self.project.guests()).arg(self.folder.join("corpus")))?;
        step.done("written");
        Ok(())
    }

    fn run(&self, target: &FuzzTarget, flags: &FuzzFlags) -> anyhow::Result<()> {
        let step = self.progress.step(format!("fuzz {}", target.name));
        let corpus = self.folder.join("corpus").join(target.name);
        let findings = self.folder.join("findings").join(target.name);
        files::create_folder(&corpus)?;
        files::create_folder(&findings)?;
        let regressions = self.project.root.join("tests").join("fuzz").join("regressions");
        let regressions = Some(regressions.join(target.name)).filter(|folder| folder.is_dir());
        let command = self
            .sh
            .cmd(self.program(target.build, target.name))
            .arg(format!("-max_total_time={}", flags.seconds))
            .args(flags.seed.map(|seed| format!("-seed={seed}")))
            .arg(format!("-max_len={}", target.max_len))
            .arg(format!("-artifact_prefix={}/", findings.display()))
            .args(["-len_control=0", "-timeout=30", "-print_final_stats=1"])
            .arg(corpus)
            .args(regressions);
        let output = process::run_captured(&step, command).with_context(|| {
            format!(
                "the input is in `{}`; run the program below with only that file",
                findings.display()
            )
        })?;
        match executions(&output) {
            Some(count) => step.done(format_args!("{count} executions")),
            None => step.done("nothing found"),
        }
        Ok(())
    }

    /// Returns the command that calls the cargo of the nightly toolchain.
    fn nightly(&self) -> Cmd<'_> {
        // Cargo has set these for the toolchain of this program; they would not fit the nightly.
        let command = self.sh.cmd("rustup").args(["run", "nightly", "cargo"]);
        ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS"].into_iter().fold(command, Cmd::env_remove)
    }

    /// Returns the path of the program that fuzzes a target.
    fn program(&self, build: FuzzBuild, target: &str) -> PathBuf {
        let folder = self.folder.join(build.name()).join(&self.triple).join("release");
        folder.join(format!("{target}{}", env::consts::EXE_SUFFIX))
    }
}

/// Returns the number of executions that libFuzzer reports at the end.
fn executions(output: &str) -> Option<u64> {
    let line = "stat::number_of_executed_units:";
    output.lines().find_map(|text| text.strip_prefix(line))?.trim().parse().ok()
}
