//! Rows about processes: how long they take from their start to their end, and how much memory.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};

use super::build::native_compiler;
use super::{Bench, Outcome, Samples, output};
use crate::build::guests;
use crate::support::process;
use crate::support::project;

/// Rounds of both sides in turn, after one of each that fills caches and does not count.
fn alternate(
    rounds: usize,
    mut ours: impl FnMut() -> anyhow::Result<f64>,
    mut theirs: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<Outcome> {
    let mut samples = Samples::default();
    for round in 0..=rounds {
        let (our_round, their_round) = (ours()?, theirs()?);
        if round > 0 {
            samples.ours.push(our_round);
            samples.theirs.push(their_round);
        }
    }
    Ok(Outcome::Measured(samples))
}

/// Runs a command to its end, and tells how many nanoseconds it took and what it printed.
fn time(command: &mut Command) -> anyhow::Result<(f64, String)> {
    let start = Instant::now();
    let text = output(command)?;
    Ok((start.elapsed().as_nanos() as f64, text))
}

const STARTS: usize = 101;

/// The demo's guests, as those who do not read guests.toml need to know them.
const RUST: &str = "calc";
const CPP: &str = "toolbox";

pub(super) fn start_wasmtime(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    match wasmtime(bench)? {
        Some(wasmtime) => bench.compare_starts(wasmtime),
        None => Outcome::missing(NO_WASMTIME),
    }
}

pub(super) fn start_node(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    // emsdk names its own.
    let of_emsdk = || std::env::var_os("EMSDK_NODE").map(PathBuf::from);
    let Some(node) = which::which("node").ok().or_else(of_emsdk) else {
        return Outcome::missing("node is missing");
    };
    let mut command = Command::new(node);
    command.arg(bench.source("start.js"));
    command.arg(bench.project.guest(RUST)).arg(bench.project.guest(CPP));
    bench.compare_starts(bench.with_call(command))
}

pub(super) fn start_native(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let compilers = (native_compiler(true), native_compiler(false));
    let (true, (Some(cc), Some(cxx))) = (cfg!(unix), compilers) else {
        return Outcome::missing("C and C++ compilers with `dlopen` are missing");
    };
    let (cargo, sh) = (project::cargo(), bench.shell()?);
    process::run(bench.step, sh.cmd(cargo).args(["build", "--release", "-p", RUST]))?;
    let library = |name: &str| format!("{DLL_PREFIX}{name}{DLL_SUFFIX}");
    let folder = bench.project.root.join("toolbox-cpp");
    let source = folder.join("src").join("toolbox.cpp");
    let command = sh.cmd(cxx).args(["-O2", "-shared", "-fPIC"]).args(LATE_BINDING);
    let command = command.arg("-I").arg(folder.join("include")).arg(&source);
    let cpp = bench.make(&library(CPP), &[source], command)?;
    let source = bench.source("start.c");
    let program = sh.cmd(cc).arg("-O2").arg(&source).arg("-ldl");
    let program = bench.make(&format!("start{EXE_SUFFIX}"), &[source], program)?;
    let mut command = Command::new(program);
    command.arg(bench.project.target.join("release").join(library(RUST))).arg(cpp);
    bench.compare_starts(bench.with_call(command))
}

/// A shared library may leave functions to be found when it is loaded; macOS must be told so.
const LATE_BINDING: &[&str] =
    if cfg!(target_os = "macos") { &["-undefined", "dynamic_lookup"] } else { &[] };

pub(super) fn memory(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let Some(wasmtime) = wasmtime(bench)? else { return Outcome::missing(NO_WASMTIME) };
    let (true, Some(cc)) = (cfg!(unix), native_compiler(true)) else {
        return Outcome::missing("a C compiler on a system with `getrusage` is missing");
    };
    let (source, sh) = (bench.source("peak.c"), bench.shell()?);
    let program = sh.cmd(cc).arg("-O2").arg(&source);
    let peak = bench.make(&format!("peak{EXE_SUFFIX}"), &[source], program)?;
    let measure = |command: &Command| {
        let mut peak = Command::new(&peak);
        peak.arg(command.get_program()).args(command.get_args());
        let text = output(&mut peak)?;
        text.trim().parse().with_context(|| format!("{peak:?} printed `{}`", text.trim_end()))
    };
    let host = bench.host(&["demo"]);
    alternate(9, || measure(&host), || measure(&wasmtime))
}

const NO_WASMTIME: &str = "wasmtime is missing: `cargo xtask setup --bench`";

/// The demo by Wasmtime's own program, on PATH or where `setup --bench` installs it.
fn wasmtime(bench: &Bench<'_>) -> anyhow::Result<Option<Command>> {
    let Some(program) = bench.project.program("wasmtime") else { return Ok(None) };
    let demo = &bench.manifest.demo;
    let provider = bench.project.guest(RUST);
    let mut command = Command::new(program);
    // As by default, unless the user has it otherwise.
    command.args(["run", "-C", "cache=y", "--invoke"]).arg(&demo.export).arg("--preload");
    command.arg(format!("env={}", provider.display())).arg(bench.project.guest(CPP));
    command.args(demo.args.iter().map(ToString::to_string));
    Ok(Some(command))
}

impl Bench<'_> {
    fn host(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.project.host());
        command.args(args);
        command
    }

    /// Adds the demo's function and arguments.
    fn with_call(&self, mut command: Command) -> Command {
        let demo = &self.manifest.demo;
        command.arg(&demo.export).args(demo.args.iter().map(ToString::to_string));
        command
    }

    /// `host demo` against a command that prints the same result last.
    fn compare_starts(&self, mut theirs: Command) -> anyhow::Result<Outcome> {
        let mut ours = self.host(&["demo"]);
        let result = self.manifest.demo.result.to_string();
        let start = |command: &mut Command| {
            let (time, text) = time(command)?;
            match text.split_whitespace().last() == Some(&result) {
                true => Ok(time),
                false => bail!("{command:?} printed `{}`, not {result}", text.trim_end()),
            }
        };
        alternate(STARTS, || start(&mut ours), || start(&mut theirs))
    }
}

/// From files to a file, on both sides; both programs must do the same.
pub(super) fn fuse(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let lld = bench.link_tour()?;
    let fused = bench.built("tour.fused.wasm");
    let mut ours = bench.host(&["fuse", "--link"]);
    ours.arg(bench.project.guest("tour-cpp")).arg(bench.project.guest("tour"));
    ours.arg("-o").arg(&fused);
    let mut theirs = lld.command;
    output(&mut ours)?;
    let run = |module: &PathBuf| output(bench.host(&["run", "--invoke", "tour"]).arg(module));
    if run(&fused)? != run(&lld.module)? {
        bail!("the tour that was fused and the one that rust-lld linked print different things");
    }
    alternate(21, || Ok(time(&mut ours)?.0), || Ok(time(&mut theirs)?.0))
}

/// As it is typed, cargo's start of xtask included.
pub(super) fn build_all(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let root = &bench.project.root;
    let cargo = |args: &[&str]| {
        let mut command = Command::new(project::cargo());
        command.current_dir(root).args(args);
        command
    };
    let mut ours = cargo(&["xtask", "build-all"]);
    let mut theirs = guests::commands(bench.project, bench.manifest)?;
    theirs.push(cargo(&["build", "--release", "-p", "host"]));
    theirs.push(bench.host(&["demo"]));
    let by_hand = || {
        let times = theirs.iter_mut().map(|command| Ok(time(command)?.0));
        times.sum::<anyhow::Result<f64>>().context("a command of `build-all`, by hand")
    };
    alternate(9, || Ok(time(&mut ours)?.0), by_hand)
}
