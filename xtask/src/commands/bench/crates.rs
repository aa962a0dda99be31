//! The rows about crates with C and C++ inside. The programs are those of `tests/bench/crates`.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::build::Bench;
use super::measure::{output, time};
use super::pairs::check_same_output;
use super::samples::{Outcome, Samples};
use super::sizes;
use super::usage;
use crate::build::driver;
use crate::support::files;
use crate::support::project;
use crate::tools::zig::Zig;

const WASM: &str = "wasm32-unknown-unknown";
const WASIP1: &str = "wasm32-wasip1";

/// The number of rounds of the rows that start processes.
const RUNS: usize = 31;

/// A program of `tests/bench/crates`.
pub(super) struct Crate(&'static str);

pub(super) const SQLITE: Crate = Crate("sqlite");
pub(super) const CXX_CALLS: Crate = Crate("cxx-calls");

/// Compares the processor time of a program with that of its native build.
pub(super) fn native(bench: &Bench<'_>, program: &Crate) -> anyhow::Result<Outcome> {
    program.build(bench, WASM)?;
    program.build_native(bench)?;
    let mut ours = bench.host(&["run"]);
    ours.arg(program.module(bench, WASM));
    let mut theirs = Command::new(folder(bench).join(format!("release/{}{EXE_SUFFIX}", program.0)));
    check_same_output(&mut ours, &mut theirs)?;
    usage::compare(bench, RUNS, |usage| usage.cpu, &ours, &theirs)
}

/// Compares the processor time of a program with that of its build for WASI, on the same host.
pub(super) fn wasip1(bench: &Bench<'_>, program: &Crate) -> anyhow::Result<Outcome> {
    if !program.build_wasip1(bench)? {
        return Outcome::missing(NO_ZIG);
    }
    program.build(bench, WASM)?;
    let [mut ours, mut theirs] = [WASM, WASIP1].map(|target| {
        let mut command = bench.host(&["run"]);
        command.arg(program.module(bench, target));
        command
    });
    check_same_output(&mut ours, &mut theirs)?;
    usage::compare(bench, RUNS, |usage| usage.cpu, &ours, &theirs)
}

/// Compares the size of the fused program with that of its build for WASI.
pub(super) fn size(bench: &Bench<'_>, program: &Crate) -> anyhow::Result<Outcome> {
    if !program.build_wasip1(bench)? {
        return Outcome::missing(NO_ZIG);
    }
    program.build(bench, WASM)?;
    let fused = bench.module(&format!("{}.fused", program.0));
    files::create_folder(&bench.built(""))?;
    let mut fuse = bench.host(&["fuse"]);
    output(fuse.arg(program.module(bench, WASM)).arg("-o").arg(&fused))?;
    sizes::outcome(&fused, &program.module(bench, WASIP1))
}

/// Compares the time to build a program and everything that it depends on, from nothing, with that
/// of the native build. That takes minutes, so it happens once.
pub(super) fn build(bench: &Bench<'_>, program: &Crate) -> anyhow::Result<Outcome> {
    // What both need is fetched before.
    output(program.cargo(bench, "fetch").arg("--locked"))?;
    files::remove(&folder(bench))?;
    let ours = program.build(bench, WASM)?;
    files::remove(&folder(bench))?;
    let theirs = program.build_native(bench)?;
    Ok(Outcome::Measured(Samples { ours: vec![ours], theirs: vec![theirs] }))
}

const NO_ZIG: &str =
    "Zig, which compiles for WASI, is missing: `cargo xtask setup --toolchain zig`";

/// The folder in which cargo builds the programs.
fn folder(bench: &Bench<'_>) -> PathBuf {
    bench.project.bench().join("crates")
}

impl Crate {
    /// Returns the module of the program for a target.
    fn module(&self, bench: &Bench<'_>, target: &str) -> PathBuf {
        folder(bench).join(target).join("release").join(format!("{}.wasm", self.0))
    }

    /// Builds for WebAssembly as a user would, and returns the nanoseconds that it took.
    fn build(&self, bench: &Bench<'_>, target: &str) -> anyhow::Result<f64> {
        let mut command = self.cargo(bench, "build");
        command.args(["--release", "--locked", "-p", self.0, "--target", target]);
        command.arg("--config").arg(driver::settings_file(bench.project));
        Ok(time(&mut command)?.0)
    }

    fn build_native(&self, bench: &Bench<'_>) -> anyhow::Result<f64> {
        let mut command = self.cargo(bench, "build");
        Ok(time(command.args(["--release", "--locked", "-p", self.0]))?.0)
    }

    /// Builds for WASI, with the C compiler of Zig. Returns false if that is missing.
    fn build_wasip1(&self, bench: &Bench<'_>) -> anyhow::Result<bool> {
        let Some(zig) = Zig::find(bench.project) else { return Ok(false) };
        let mut command = self.cargo(bench, "build");
        command.args(["--release", "--locked", "-p", self.0, "--target", WASIP1]);
        let archiver = ::driver::settings::program(&bench.project.programs(), "wasm-ar");
        command.env("CC_wasm32_wasip1", format!("{} cc", zig.program.display()));
        command.env("AR_wasm32_wasip1", archiver);
        // Zig knows the target by its older name.
        command.env("CRATE_CC_NO_DEFAULTS", "1");
        let options = "-target wasm32-wasi -O3 -ffunction-sections -fdata-sections";
        command.env("CFLAGS_wasm32_wasip1", options);
        output(&mut command).context("cannot build for WASI")?;
        Ok(true)
    }

    fn cargo(&self, bench: &Bench<'_>, what: &str) -> Command {
        let mut command = Command::new(project::cargo());
        command.current_dir(workspace(bench)).arg(what);
        command.env("CARGO_TARGET_DIR", folder(bench)).env("CARGO_TERM_QUIET", "true");
        command
    }
}

fn workspace(bench: &Bench<'_>) -> PathBuf {
    bench.project.root.join(Path::new("tests/bench/crates"))
}
