//! The rows that measure whole processes: the time from start to end, the processor time, the peak
//! memory, and the page faults.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use super::build::{Bench, Language, unix_compiler};
use super::measure::{alternate, output, time};
use super::pairs::{self, BuildPair, check_same_output};
use super::samples::Outcome;
use super::third_party::NO_SOURCES;
use super::usage;
use crate::build::guests;
use crate::support::process;
use crate::support::project;

/// The number of rounds of the rows that start processes.
const STARTS: usize = 101;

/// The guests of the demo. The other programs of these rows do not read guests.toml.
const RUST: &str = "calc";
const CPP: &str = "toolbox";

pub(super) fn start_wasmtime(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    match demo_on_wasmtime(bench) {
        Some(theirs) => bench.compare_starts(theirs),
        None => Outcome::missing(NO_WASMTIME),
    }
}

/// Compares what both programs add to the time of a process that does nothing.
pub(super) fn start_over_true(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let Some(mut theirs) = demo_on_wasmtime(bench) else { return Outcome::missing(NO_WASMTIME) };
    let Ok(nothing) = which::which("true") else {
        return Outcome::missing("the program `true` is missing");
    };
    let mut ours = bench.host(&["demo"]);
    let added = |command: &mut Command| {
        let with_work = bench.time_demo(command)?;
        let (without, _) = time(&mut Command::new(&nothing))?;
        Ok(with_work - without)
    };
    alternate(STARTS, || added(&mut ours), || added(&mut theirs))
}

pub(super) fn start_node(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    // emsdk includes one.
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
    let (Some(cc), Some(cxx)) = (unix_compiler(Language::C), unix_compiler(Language::Cpp)) else {
        return Outcome::missing("C and C++ compilers with `dlopen` are missing");
    };
    let sh = bench.shell()?;
    process::run(bench.step, sh.cmd(project::cargo()).args(["build", "--release", "-p", RUST]))?;
    let library = |name: &str| format!("{DLL_PREFIX}{name}{DLL_SUFFIX}");
    let folder = bench.project.root.join("toolbox-cpp");
    let source = folder.join("src").join("toolbox.cpp");
    let compile = sh
        .cmd(cxx)
        .args(["-O2", "-shared", "-fPIC"])
        .args(LATE_BINDING)
        .arg("-I")
        .arg(folder.join("include"))
        .arg(&source);
    let cpp = bench.make(&library(CPP), &[source], compile)?;
    let source = bench.source("start.c");
    let compile = sh.cmd(cc).arg("-O2").arg(&source).arg("-ldl");
    let program = bench.make(&format!("start{EXE_SUFFIX}"), &[source], compile)?;
    let mut command = Command::new(program);
    command.arg(bench.project.target.join("release").join(library(RUST))).arg(cpp);
    bench.compare_starts(bench.with_call(command))
}

/// The options for a shared library whose undefined functions are found when it is loaded. Only
/// macOS needs any.
const LATE_BINDING: &[&str] =
    if cfg!(target_os = "macos") { &["-undefined", "dynamic_lookup"] } else { &[] };

pub(super) fn memory(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let Some(theirs) = demo_on_wasmtime(bench) else { return Outcome::missing(NO_WASMTIME) };
    usage::compare(bench, 9, |usage| usage.peak, &bench.host(&["demo"]), &theirs)
}

pub(super) fn faults(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let Some(theirs) = demo_on_wasmtime(bench) else { return Outcome::missing(NO_WASMTIME) };
    usage::compare(bench, 31, |usage| usage.faults, &bench.host(&["demo"]), &theirs)
}

/// Compares the processor time of runs that find nothing in a cache.
pub(super) fn first_run(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    compare_runs(bench, 15, pairs::strings, &["--no-cache"], &["-C", "cache=n"])
}

/// Compares the processor time of runs that find everything in a cache.
pub(super) fn warm_run(bench: &Bench<'_>, build: BuildPair) -> anyhow::Result<Outcome> {
    compare_runs(bench, 51, build, &[], &["-C", "cache=y"])
}

/// Compares `host run`, which links the modules, with Wasmtime's own program, which runs the static
/// module. Both must print the same.
fn compare_runs(
    bench: &Bench<'_>,
    rounds: usize,
    build: BuildPair,
    our_options: &[&str],
    their_options: &[&str],
) -> anyhow::Result<Outcome> {
    let Some(wasmtime) = wasmtime(bench) else { return Outcome::missing(NO_WASMTIME) };
    let Some(pair) = build(bench)? else { return Outcome::missing(NO_SOURCES) };
    let mut ours = pair.run_modules(bench, our_options);
    let mut theirs = pair.run_static(&wasmtime, their_options);
    check_same_output(&mut ours, &mut theirs)?;
    usage::compare(bench, rounds, |usage| usage.cpu, &ours, &theirs)
}

const NO_WASMTIME: &str = "wasmtime is missing: `cargo xtask setup --bench`";

/// Finds Wasmtime's own program: on `PATH`, or where `setup --bench` has installed it.
fn wasmtime(bench: &Bench<'_>) -> Option<PathBuf> {
    bench.project.program("wasmtime")
}

/// Returns the command with which Wasmtime's own program runs the demo.
fn demo_on_wasmtime(bench: &Bench<'_>) -> Option<Command> {
    let mut command = Command::new(wasmtime(bench)?);
    let demo = &bench.manifest.demo;
    let provider = bench.project.guest(RUST);
    // The cache is the default, but the user may have turned it off.
    command.args(["run", "-C", "cache=y", "--invoke"]).arg(&demo.export).arg("--preload");
    command.arg(format!("env={}", provider.display())).arg(bench.project.guest(CPP));
    command.args(demo.args.iter().map(ToString::to_string));
    Some(command)
}

impl Bench<'_> {
    /// Appends the demo's function and arguments to a command.
    fn with_call(&self, mut command: Command) -> Command {
        let demo = &self.manifest.demo;
        command.arg(&demo.export).args(demo.args.iter().map(ToString::to_string));
        command
    }

    /// Compares `host demo` with a command that also prints the result as its last word.
    fn compare_starts(&self, mut theirs: Command) -> anyhow::Result<Outcome> {
        let mut ours = self.host(&["demo"]);
        alternate(STARTS, || self.time_demo(&mut ours), || self.time_demo(&mut theirs))
    }

    /// Runs a command that prints the demo's result as its last word. Returns the nanoseconds that
    /// it took.
    fn time_demo(&self, command: &mut Command) -> anyhow::Result<f64> {
        let result = self.manifest.demo.result.to_string();
        let (time, text) = time(command)?;
        if text.split_whitespace().last() != Some(&result) {
            bail!("{command:?} printed `{}`, not {result}", text.trim_end());
        }
        Ok(time)
    }
}

/// Compares `host fuse` with rust-lld, each from files to a file. Both results must print the same.
pub(super) fn fuse(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let linked = bench.link_tour()?;
    let fused = bench.built("tour.fused.wasm");
    let mut ours = bench.host(&["fuse", "--link"]);
    ours.arg(bench.project.guest("tour-cpp")).arg(bench.project.guest("tour"));
    ours.arg("-o").arg(&fused);
    let mut theirs = linked.command;
    output(&mut ours)?;
    let run = |module: &PathBuf| {
        let mut command = bench.host(&["run", "--invoke", "tour"]);
        command.arg(module);
        command
    };
    check_same_output(&mut run(&fused), &mut run(&linked.module))?;
    alternate(21, || Ok(time(&mut ours)?.0), || Ok(time(&mut theirs)?.0))
}

/// Measures `cargo xtask build-all` as a user types it: with the time that cargo takes to start
/// xtask.
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
