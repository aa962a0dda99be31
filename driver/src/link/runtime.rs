//! What Rust's standard library lacks on `wasm32-unknown-unknown`, such as output: see
//! `std/runtime.rs`. It is compiled once for each version of Rust and each folder of output.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use ar::Archive;
use tempfile::TempDir;

use crate::link::inputs::Inputs;
use crate::link::options::Options;
use crate::process;

const SOURCES: [(&str, &str); 2] = [
    ("runtime.rs", include_str!("../../std/runtime.rs")),
    ("harness.rs", include_str!("../../std/harness.rs")),
];

/// What the name of a function begins with that takes the place of another.
const WRAP: &str = "\"wrap ";
const REAL: &str = "\"real ";

/// The function of the harness that marks a program as one that consists of tests.
const TESTS: &str = "__rust_tests";

const INSIDE: &str = "rustc's link-time optimization has made the standard library a part of the \
                      program. It has no output on this target, and what provides it can no longer \
                      be added: `println!` and panics would print nothing.\nhelp: link-time \
                      optimization without the standard library works: give rustc the option \
                      `-Clto=off`, as `cargo host env` does, after those of the profile. The \
                      environment variable `RUSTFLAGS` replaces those of the configuration";

/// Returns the options that add the runtime to a module. There are none if the module does without
/// the standard library.
///
/// # Errors
///
/// If it cannot be compiled or written, or if the standard library is a part of the program.
pub(crate) fn prepare(options: &Options, inputs: &Inputs) -> anyhow::Result<Vec<OsString>> {
    let Some(std) = inputs.rust_library("std") else {
        ensure!(!inputs.contain_std(), INSIDE);
        return Ok(Vec::new());
    };
    let harness = inputs.rust_library("test");
    let symbols = symbols([Some(std), harness].into_iter().flatten())?;
    let object = object_file(options, std, harness.is_some());
    if !object.is_file() {
        compile(std, harness.is_some(), &symbols, &object)?;
    }
    let wraps = wrapped().filter_map(|path| symbols.get(path));
    let mut options: Vec<_> = wraps.map(|symbol| format!("--wrap={symbol}").into()).collect();
    if harness.is_some() {
        options.push(format!("--export={TESTS}").into());
    }
    options.push(object.into());
    Ok(options)
}

/// Returns the file of the compiled runtime, next to the module that is linked. Its name tells
/// versions of the standard library apart, by the name of its file, and versions of the runtime.
fn object_file(options: &Options, std: &Path, has_harness: bool) -> PathBuf {
    let folder = options.output().map(Path::new).and_then(Path::parent).unwrap_or(Path::new(""));
    let std = std.file_stem().unwrap_or_default().to_string_lossy();
    let kind = if has_harness { "tests" } else { "program" };
    let mut sources = DefaultHasher::new();
    SOURCES.hash(&mut sources);
    folder.join(format!("wasm-ld-{kind}-{std}-{:016x}.o", sources.finish()))
}

/// Returns the paths of the functions that the runtime replaces.
fn wrapped() -> impl Iterator<Item = &'static str> {
    let sources = SOURCES.iter().flat_map(|(_, text)| text.split(WRAP).skip(1));
    sources.filter_map(|rest| rest.split('"').next())
}

/// Returns the symbols of libraries by the paths of their functions.
fn symbols<'a>(
    libraries: impl Iterator<Item = &'a Path>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut symbols = BTreeMap::new();
    for library in libraries {
        let cannot_read = || format!("cannot read `{}`", library.display());
        let mut archive = Archive::new(File::open(library).with_context(cannot_read)?);
        for symbol in archive.symbols().with_context(cannot_read)? {
            let symbol = String::from_utf8_lossy(symbol).into_owned();
            if let Ok(path) = rustc_demangle::try_demangle(&symbol) {
                // The alternate form leaves out the hash.
                symbols.insert(format!("{path:#}"), symbol);
            }
        }
    }
    Ok(symbols)
}

/// Compiles the runtime with the compiler that the standard library comes with. Only that compiler
/// calls functions as the library does.
fn compile(
    std: &Path,
    has_harness: bool,
    symbols: &BTreeMap<String, String>,
    object: &Path,
) -> anyhow::Result<()> {
    let folder = object.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = TempDir::new_in(folder.unwrap_or(Path::new(".")))?;
    for (name, text) in SOURCES {
        fs::write(folder.path().join(name), with_symbols(text, symbols))?;
    }
    let compiled = folder.path().join("runtime.o");
    let rustc = rustc(std);
    let mut command = Command::new(&rustc);
    command
        .args(["--crate-name", "runtime", "--crate-type", "lib", "--edition", "2024"])
        .args(["--target", "wasm32-unknown-unknown", "-Cpanic=abort", "-Copt-level=s"])
        .args(["-Ccodegen-units=1", "--emit", "obj", "--cap-lints", "allow"])
        // The types of tests are not stable.
        .env("RUSTC_BOOTSTRAP", "1")
        .arg("-o")
        .arg(&compiled)
        .arg(folder.path().join("runtime.rs"));
    if has_harness {
        command.args(["--cfg", "harness"]);
    }
    let output = command.output().with_context(|| process::cannot_run(&rustc))?;
    ensure!(
        output.status.success(),
        "`{}` cannot compile what `wasm-ld` adds to its standard library:\n{}",
        rustc.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    // Another process may have compiled the same.
    fs::rename(compiled, object).with_context(|| format!("cannot write `{}`", object.display()))
}

/// Writes the symbols of the library's functions for their paths.
fn with_symbols(text: &str, symbols: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (path, symbol) in symbols {
        text = text.replace(&format!("{WRAP}{path}\""), &format!("\"__wrap_{symbol}\""));
        text = text.replace(&format!("{REAL}{path}\""), &format!("\"__real_{symbol}\""));
    }
    text
}

/// Returns the compiler in whose folder the library is.
fn rustc(std: &Path) -> PathBuf {
    // SYSROOT/lib/rustlib/TARGET/lib/libstd-HASH.rlib
    let sysroot = std.ancestors().nth(5);
    let rustc =
        sysroot.and_then(|sysroot| which::which_in("rustc", Some(sysroot.join("bin")), ".").ok());
    rustc.unwrap_or_else(|| PathBuf::from("rustc"))
}
