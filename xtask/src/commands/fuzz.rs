//! `cargo xtask fuzz`: random input for the linker and the host, by cargo-fuzz.
//!
//! The targets are in `tests/fuzz`. Those of the linker, which forbids `unsafe`, are compiled without a sanitizer and without
//! Wasmtime; those of the host, which does not, with both. Inputs that reach something new are kept in `target/fuzz`, and
//! the next run begins with them.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use xshell::{Cmd, Shell};

use crate::flags::FuzzFlags;
use crate::support::interrupt::Interrupted;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::Project;

/// A program of `tests/fuzz`.
struct Target {
    name: &'static str,
    group: Group,
    /// Bytes of an input: no more than it takes, for then there are more executions.
    max_len: u32,
}

/// What is compiled alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Linker,
    Host,
}

const TARGETS: [Target; 8] = [
    Target { name: "parse", group: Group::Linker, max_len: 1024 },
    Target { name: "plan", group: Group::Linker, max_len: 2048 },
    Target { name: "bind", group: Group::Linker, max_len: 2048 },
    Target { name: "fuse", group: Group::Linker, max_len: 2048 },
    Target { name: "open", group: Group::Linker, max_len: 2048 },
    Target { name: "cli", group: Group::Host, max_len: 512 },
    Target { name: "cache", group: Group::Host, max_len: 1024 },
    Target { name: "differential", group: Group::Host, max_len: 4096 },
];

impl Group {
    const ALL: [Group; 2] = [Group::Linker, Group::Host];

    fn name(self) -> &'static str {
        match self {
            Group::Linker => "linker",
            Group::Host => "host",
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Group::Linker => &["--sanitizer", "none"],
            Group::Host => &["--sanitizer", "address", "--features", "host"],
        }
    }
}

pub(crate) fn run(project: &Project, progress: &Progress, flags: &FuzzFlags) -> anyhow::Result<()> {
    if let Some(reason) = missing(project) {
        bail!("{reason}");
    }
    let wanted = flags.target.as_deref();
    let is_wanted = |target: &&Target| wanted.is_none_or(|name| name == target.name);
    let targets: Vec<_> = TARGETS.iter().filter(is_wanted).collect();
    if targets.is_empty() {
        bail!("there is no such target; there are {}", TARGETS.map(|t| t.name).join(", "));
    }
    let fuzz = Fuzz::new(project, progress)?;
    for group in Group::ALL {
        let names = targets.iter().filter(|target| target.group == group).map(|t| t.name);
        fuzz.build(group, &names.collect::<Vec<_>>())?;
    }
    fuzz.seed()?;
    let mut failed = Vec::new();
    for target in targets {
        match fuzz.run(target, flags) {
            Err(error) if error.is::<Interrupted>() => return Err(error),
            result => failed.extend(result.err()),
        }
    }
    // Each has run by now, whatever the others have found.
    failed.into_iter().next().map_or(Ok(()), Err)
}

/// What fuzzing needs that is not there, and how to get it.
pub(crate) fn missing(project: &Project) -> Option<&'static str> {
    if !has_nightly() {
        return Some("no nightly Rust is installed: `rustup toolchain install nightly`");
    }
    let is_there = project.program("cargo-fuzz").is_some();
    (!is_there).then_some("cargo-fuzz is not installed: `cargo xtask setup --fuzz`")
}

pub(crate) fn has_nightly() -> bool {
    let output = Command::new("rustup").args(["toolchain", "list"]).output();
    let is_nightly = |line: &str| line.starts_with("nightly");
    output.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).lines().any(is_nightly))
}

struct Fuzz<'a> {
    project: &'a Project,
    progress: &'a Progress,
    sh: Shell,
    /// The folder of `target` that has programs, corpora and findings.
    folder: PathBuf,
    /// This machine's triple.
    triple: String,
}

impl<'a> Fuzz<'a> {
    fn new(project: &'a Project, progress: &'a Progress) -> anyhow::Result<Self> {
        let sh = Shell::new().context("cannot read the current folder")?;
        sh.change_dir(&project.root);
        // The nightly's own flags are cargo-fuzz's.
        let tools = [project.tools().join("bin")];
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(tools.into_iter().chain(env::split_paths(&path)))?;
        sh.set_var("PATH", path);
        let version = sh.cmd("rustc").arg("-vV").quiet().read().context("cannot run `rustc`")?;
        let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
        let triple = triple.context("`rustc -vV` names no host")?.to_owned();
        Ok(Fuzz { project, progress, sh, folder: project.target.join("fuzz"), triple })
    }

    fn build(&self, group: Group, targets: &[&str]) -> anyhow::Result<()> {
        for target in targets {
            let step = self.progress.step(format!("fuzz {target}"));
            if group == Group::Host && !self.program(group, target).is_file() {
                step.announce(
                    "compiling it, with Wasmtime the first time, which takes some minutes",
                );
            }
            let command = self.nightly().args(["fuzz", "build", "--release"]).args(group.flags());
            let command = command.args(["--fuzz-dir", "tests/fuzz", "--target-dir"]);
            process::run(&step, command.arg(self.folder.join(group.name())).arg(target))?;
            step.done("built");
        }
        Ok(())
    }

    /// Inputs to begin with, made of `tests/cases` and the guests.
    fn seed(&self) -> anyhow::Result<()> {
        let step = self.progress.step("fuzz seeds");
        let command = self.nightly().args(["run", "--quiet", "--example", "corpus"]);
        let command = command.args(["--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir"]);
        let command = command.arg(self.folder.join("seeds")).args(["--", "seed", "tests/cases"]);
        process::run(&step, command.arg(self.project.guests()).arg(self.folder.join("corpus")))?;
        step.done("written");
        Ok(())
    }

    fn run(&self, target: &Target, flags: &FuzzFlags) -> anyhow::Result<()> {
        let step = self.progress.step(format!("fuzz {}", target.name));
        let folder = |name: &str| -> anyhow::Result<PathBuf> {
            let folder = self.folder.join(name).join(target.name);
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make `{}`", folder.display()))?;
            Ok(folder)
        };
        let (corpus, findings) = (folder("corpus")?, folder("findings")?);
        let found = self.project.root.join("tests").join("fuzz").join("regressions");
        let found = found.join(target.name);
        let command = self.sh.cmd(self.program(target.group, target.name));
        let command = command.arg(format!("-max_total_time={}", flags.seconds));
        let command = command.args(flags.seed.map(|seed| format!("-seed={seed}")));
        let command = command.arg(format!("-max_len={}", target.max_len));
        let command = command.arg(format!("-artifact_prefix={}/", findings.display()));
        let command = command.args(["-len_control=0", "-timeout=30", "-print_final_stats=1"]);
        let command = command.arg(corpus).args(found.is_dir().then_some(found));
        let output = process::printed(&step, command).with_context(|| {
            format!("the input is in `{}`; give it to the program below alone", findings.display())
        })?;
        match executions(&output) {
            Some(count) => step.done(format_args!("{count} executions")),
            None => step.done("nothing found"),
        }
        Ok(())
    }

    fn nightly(&self) -> Cmd<'_> {
        // What the cargo that has started this program uses is not for that of another toolchain.
        let command = self.sh.cmd("rustup").args(["run", "nightly", "cargo"]);
        ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS"].into_iter().fold(command, Cmd::env_remove)
    }

    fn program(&self, group: Group, target: &str) -> PathBuf {
        let folder = self.folder.join(group.name()).join(&self.triple).join("release");
        folder.join(format!("{target}{}", env::consts::EXE_SUFFIX))
    }
}

fn executions(output: &str) -> Option<u64> {
    let line = "stat::number_of_executed_units:";
    output.lines().find_map(|text| text.strip_prefix(line))?.trim().parse().ok()
}
