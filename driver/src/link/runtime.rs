//! Adds `std/runtime.rs` to a module: the output and the other parts that Rust's standard library
//! lacks on `wasm32-unknown-unknown`. It is compiled once for each version of Rust and each folder of
//! output.

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

/// The target whose standard library lacks something.
const TARGET: &str = "wasm32-unknown-unknown";

/// The prefixes of the name of a function that replaces another, and of the function that is
/// replaced.
const WRAP: &str = "\"wrap ";
const REAL: &str = "\"real ";

/// The function of the harness that marks a program as one that consists of tests.
const TESTS: &str = "__rust_tests";

const OWN_STD: &str = "warning: the standard library is compiled with the program. It has no output on \
                       this target, and can be given one only if it is that of the Rust toolchain: \
                       `println!` and panics print nothing\nhelp: build without `-Zbuild-std`";

const INSIDE: &str = "rustc's link-time optimization has made the standard library a part of the \
                      program. The library has no output on this target, and can no longer be given \
                      one: `println!` and panics would print nothing.\nhelp: link-time \
                      optimization without the standard library works: give rustc the option \
                      `-Clto=off`, as `cargo host env` does, after those of the profile. The \
                      environment variable `RUSTFLAGS` replaces those of the configuration";

/// Returns the options that add the runtime to a module. There are none if the module does without
/// the standard library, or has that of another target.
///
/// # Errors
///
/// If it cannot be compiled or written, or if the standard library is a part of the program.
pub(crate) fn prepare(options: &Options, inputs: &Inputs) -> anyhow::Result<Vec<OsString>> {
    let std = inputs.rust_library("std");
    if std.is_some_and(|std| !is_for(std, TARGET)) {
        return Ok(Vec::new());
    }
    let Some(std) = std else {
        if inputs.have_own_std() {
            process::complain(OWN_STD);
        } else {
            ensure!(!inputs.contain_std(), INSIDE);
        }
        return Ok(Vec::new());
    };
    let harness = inputs.rust_library("test");
    let symbols = symbols([Some(std), harness].into_iter().flatten())?;
    let object = object_file(options, std, harness.is_some());
    if !object.is_file() {
        compile(std, harness.is_some(), &symbols, &object)?;
    }
    let replaced = replaced(harness.is_some());
    let (found, missing): (Vec<_>, Vec<_>) =
        replaced.into_iter().partition(|path| symbols.contains_key(*path));
    let missing: Vec<_> = missing.into_iter().filter(|path| !has_default(path)).collect();
    if !missing.is_empty() {
        process::complain(&format!(
            "warning: the standard library of this Rust has no `{}`, which must be replaced: the \
             program may have no output, clock or tests\n\
             help: use Rust {}, for which `host` was made, or a newer version of `host`",
            missing.join("`, `"),
            env!("CARGO_PKG_RUST_VERSION")
        ));
    }
    let wraps = found.into_iter().filter_map(|path| symbols.get(path));
    let mut options: Vec<_> = wraps.map(|symbol| format!("--wrap={symbol}").into()).collect();
    if harness.is_some() {
        options.push(format!("--export={TESTS}").into());
    }
    options.push(object.into());
    Ok(options)
}

/// Returns whether the standard library is for a target.
fn is_for(std: &Path, target: &str) -> bool {
    // SYSROOT/lib/rustlib/TARGET/lib/libstd-HASH.rlib
    std.iter().rev().nth(2).is_some_and(|part| part == target)
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
fn replaced(has_harness: bool) -> Vec<&'static str> {
    let sources = if has_harness { &SOURCES[..] } else { &SOURCES[..1] };
    let names = sources.iter().flat_map(|(_, text)| text.split(WRAP).skip(1));
    names.filter_map(|rest| rest.split('"').next()).collect()
}

/// Returns whether a function that is missing is a method of `Write` which the trait provides. That
/// calls `write`, which is replaced.
fn has_default(path: &str) -> bool {
    path.contains(" as std::io::Write>::") && !path.ends_with("::write")
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
    let folder = folder.unwrap_or(Path::new("."));
    let cannot_write = || format!("cannot write to the folder `{}`", folder.display());
    let folder = TempDir::new_in(folder).with_context(cannot_write)?;
    for (name, text) in SOURCES {
        let file = folder.path().join(name);
        fs::write(file, with_symbols(text, symbols)).with_context(cannot_write)?;
    }
    let compiled = folder.path().join("runtime.o");
    let rustc = rustc(std);
    let mut command = Command::new(&rustc);
    command
        .args(["--crate-name", "runtime", "--crate-type", "lib", "--edition", "2024"])
        .args(["--target", TARGET, "-Cpanic=abort", "-Copt-level=s"])
        .args(["-Ccodegen-units=1", "--emit", "obj", "--cap-lints", "allow"])
        // The types of tests are not stable.
        .env("RUSTC_BOOTSTRAP", "1")
        .arg("-o")
        .arg(&compiled)
        .arg(folder.path().join("runtime.rs"));
    if has_harness {
        command.args(["--cfg", "harness"]);
    }
    let output = process::output(&mut command)?;
    ensure!(
        output.status.success(),
        "`{}` cannot compile what is added to its standard library:\n{}\n\
         help: use Rust {}, for which `host` was made, or a newer version of `host`",
        rustc.display(),
        String::from_utf8_lossy(&output.stderr).trim_end(),
        env!("CARGO_PKG_RUST_VERSION")
    );
    match fs::rename(compiled, object) {
        // Another process has compiled the same, and a linker may be reading it.
        Err(_) if object.is_file() => Ok(()),
        result => result.with_context(|| format!("cannot write `{}`", object.display())),
    }
}

/// Writes the symbols of the library's functions for their paths.
fn with_symbols(text: &str, symbols: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (path, symbol) in replaced(true).into_iter().filter_map(|path| symbols.get_key_value(path))
    {
        text = text.replace(&format!("{WRAP}{path}\""), &format!("\"__wrap_{symbol}\""));
        text = text.replace(&format!("{REAL}{path}\""), &format!("\"__real_{symbol}\""));
    }
    text
}

/// Returns the compiler in whose folder the library is.
fn rustc(std: &Path) -> PathBuf {
    let sysroot = std.ancestors().nth(5);
    let rustc =
        sysroot.and_then(|sysroot| which::which_in("rustc", Some(sysroot.join("bin")), ".").ok());
    rustc.unwrap_or_else(|| PathBuf::from("rustc"))
}
