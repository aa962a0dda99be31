//! Rust crates with C and C++ inside, as their authors publish them.
//!
//! Each folder of `tests/real/crates` has a program that uses a crate. It is built for this machine
//! and for WebAssembly, where `wasm-cc` compiles the C and C++, and `wasm-ld` links. Both must print
//! the same. The table in `docs/crates.md` has all of them, and crates that cannot work.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};
use toml::Value;

use crate::support::console;
use crate::support::slow::slow;
use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace;

/// The programs whose tests always run: one in C, and one in C++.
const ALWAYS: [&str; 2] = ["bzip2", "cxx"];

const TARGET: &str = "wasm32-unknown-unknown";

/// The programs that a crate needs to be built, with what it compiles.
const TOOLS: [(&str, &[&str]); 2] =
    [("C++", &["c++", "g++", "clang++", "cl"]), ("CMake", &["cmake"])];

/// The message of bindgen if it finds no libclang.
const NO_LIBCLANG: &str = "Unable to find libclang";

pub(crate) fn trials() -> Vec<Trial> {
    let programs = names().into_iter().map(|name| {
        let always = ALWAYS.contains(&&*name);
        let test = ignorable(format!("crates::{name}_runs_as_natively"), move || run(&name));
        if always { test } else { slow(test) }
    });
    programs.chain([trial("crates::the_table_is_complete", table_is_complete)]).collect()
}

/// Returns the names of the programs' folders.
fn names() -> Vec<String> {
    let folders = fs::read_dir(folder()).into_iter().flatten().flatten();
    let programs = folders.filter(|entry| entry.path().join("Cargo.toml").is_file());
    let mut names: Vec<_> =
        programs.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn folder() -> PathBuf {
    workspace::root().join("tests").join("real").join("crates")
}

fn run(name: &str) -> Result<Completion, Failed> {
    let kinds = Manifest::read(name)?.compiles;
    for (_, programs) in TOOLS.iter().filter(|(kind, _)| kinds.iter().any(|of| of == kind)) {
        if !programs.iter().any(|program| which::which(program).is_ok()) {
            return ignored(&format!("{} is missing", programs[0]));
        }
    }
    if which::which("emcc").is_err() {
        return ignored("Emscripten is missing");
    }
    let fetch = cargo("fetch").output()?;
    if !fetch.status.success() {
        let messages = String::from_utf8_lossy(&fetch.stderr);
        return match messages.contains("--locked") {
            true => Err(format!("Cargo.lock is out of date: {messages}").into()),
            false => ignored("the crates cannot be downloaded"),
        };
    }
    let native = match build(name, None)? {
        Built::Program(program) => program,
        Built::NeedsLibclang => return ignored("libclang is missing"),
    };
    let module = match build(name, Some(TARGET))? {
        Built::Program(module) => module,
        Built::NeedsLibclang => return ignored("libclang is missing"),
    };
    let expected = output(&mut Command::new(native))?;
    let printed = output(Command::new(workspace::host()).arg("run").arg(module))?;
    console::same(&printed, &expected, "expected is the native program's output")?;
    Ok(Completion::Completed)
}

enum Built {
    Program(PathBuf),
    NeedsLibclang,
}

/// Builds a program for a target, or for this machine.
fn build(name: &str, target: Option<&str>) -> Result<Built, Failed> {
    let built = workspace::kept().join("crates");
    let mut cargo = cargo("build");
    cargo.arg("--package").arg(package(name)).arg("--target-dir").arg(&built);
    // Debug information would fill the disk.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
    if let Some(target) = target {
        cargo.args(["--target", target]);
        cargo.arg("--config").arg(workspace::target().join("driver.toml"));
    }
    let output = cargo.output()?;
    if output.status.success() {
        let extension = if target.is_some() { "wasm" } else { std::env::consts::EXE_EXTENSION };
        let folder = built.join(target.unwrap_or_default()).join("debug");
        return Ok(Built::Program(folder.join(package(name)).with_extension(extension)));
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    match messages.contains(NO_LIBCLANG) {
        true => Ok(Built::NeedsLibclang),
        false => Err(format!("{cargo:?}\n{}\n{messages}", output.status).into()),
    }
}

fn package(name: &str) -> String {
    format!("crate-{name}")
}

/// A command of cargo's on the programs, as they are locked. It may use the network.
fn cargo(command: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    workspace::clean_environment(&mut cargo);
    cargo.env_remove("CARGO_NET_OFFLINE").current_dir(folder()).args([command, "--locked"]);
    cargo
}

/// Returns the output of a program that must succeed.
fn output(command: &mut Command) -> Result<String, Failed> {
    workspace::clean_environment(command);
    let output = command.output()?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            Err(format!("{command:?}\n{}\n{text}", output.status).into())
        }
    }
}

/// The part of a program's Cargo.toml about the crate that it uses.
struct Manifest {
    /// The crates of the table, as they are named on crates.io.
    shows: Vec<String>,
    /// The languages that are compiled, and the tools that are used: C, C++, CMake, bindgen.
    compiles: Vec<String>,
}

impl Manifest {
    fn read(name: &str) -> Result<Self, Failed> {
        let text = fs::read_to_string(folder().join(name).join("Cargo.toml"))?;
        let manifest: Value = toml::from_str(&text)?;
        let metadata = &manifest["package"]["metadata"];
        let strings = |key: &str| {
            let list = metadata.get(key).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        Ok(Manifest { shows: strings("shows"), compiles: strings("compiles") })
    }
}

/// Checks that the table of the documentation has a row for each program, with the version of the
/// crate that is tested and with what it compiles, and no other row that says that a crate works.
fn table_is_complete() -> Result<(), Failed> {
    let table = fs::read_to_string(workspace::root().join("docs").join("crates.md"))?;
    let versions = versions(&folder().join("Cargo.lock"))?;
    let mut expected = Vec::new();
    for name in names() {
        let manifest = Manifest::read(&name)?;
        let compiles = manifest.compiles.join(", ");
        for shown in manifest.shows {
            let version = versions.get(&shown).map_or("?", String::as_str);
            expected.push(format!("| `{shown}` | {version} | {compiles} | ✔ |"));
        }
    }
    let is_row = |line: &&str| line.starts_with("| `") && line.contains("| ✔ |");
    let rows: Vec<_> = table.lines().filter(is_row).collect();
    for row in &expected {
        if !rows.iter().any(|shown| shown.starts_with(row)) {
            return Err(format!("docs/crates.md has no row `{row}`").into());
        }
    }
    let unknown = rows.iter().find(|row| !expected.iter().any(|known| row.starts_with(known)));
    match unknown {
        Some(row) => {
            Err(format!("docs/crates.md has a row for which there is no test: {row}").into())
        }
        None => Ok(()),
    }
}

/// Returns the versions of the locked packages. The newest of several comes last.
fn versions(lock: &Path) -> Result<BTreeMap<String, String>, Failed> {
    let lock: Value = toml::from_str(&fs::read_to_string(lock)?)?;
    let packages = lock["package"].as_array().into_iter().flatten();
    let text = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    Ok(packages.map(|package| (text(package, "name"), text(package, "version"))).collect())
}
