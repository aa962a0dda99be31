//! Links crates to WebAssembly as their code means it: `xtask`, as the linker that cargo calls for them.
//!
//! Up to 1.95 rustc passes `--allow-undefined`, by which wasm-ld imports functions that nothing defines. Data
//! it cannot import into code at fixed addresses: it silently takes 0 for the address. Here wasm-ld gets
//! `--import-undefined` instead, by which it still imports functions, and refuses data by name.

use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use anyhow::Context;

use crate::support::project::Project;

/// The targets whose crates are linked by rust-lld alone.
const TARGETS: [&str; 3] = ["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32v1-none"];

const ALLOW_UNDEFINED: &str = "--allow-undefined";
const IMPORT_UNDEFINED: &str = "--import-undefined";

/// The symbols that are imported although they are no functions: the tags of exceptions.
const TAGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/imported-tags.txt");

/// Writes the file of settings by which cargo links crates with this program, and returns its path.
///
/// # Errors
///
/// When the system does not tell where this program is, or the file cannot be written.
pub(crate) fn settings(project: &Project) -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("cannot tell where this program is")?;
    let program = toml::Value::from(program.to_string_lossy().into_owned());
    let targets = TARGETS.map(|target| format!("[target.{target}]\nlinker = {program}\n"));
    let file = project.target.join("linker.toml");
    fs::create_dir_all(&project.target)
        .and_then(|()| fs::write(&file, targets.concat()))
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    Ok(file)
}

/// Links, if it is rustc that has started this program. It names the kind of linker first.
pub(crate) fn run() -> Option<ExitCode> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    if args.first()? != "-flavor" {
        return None;
    }
    Some(match link(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: cannot run `rust-lld`: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Runs the toolchain's linker, which rustc has put on the `PATH`.
fn link(args: &[OsString]) -> io::Result<ExitCode> {
    let mut args: Vec<_> = args.iter().map(OsString::as_os_str).collect();
    args.iter_mut().filter(|arg| **arg == ALLOW_UNDEFINED).for_each(|arg| {
        *arg = OsStr::new(IMPORT_UNDEFINED);
    });
    let is_strict = args.iter().any(|arg| *arg == IMPORT_UNDEFINED);
    let mut lld = Command::new("rust-lld");
    lld.args(&args).stdout(Stdio::inherit());
    if is_strict {
        lld.arg(format!("--allow-undefined-file={TAGS}"));
    }
    let Output { status, stderr, .. } = lld.output()?;
    let messages = String::from_utf8_lossy(&stderr);
    match is_strict && !status.success() {
        true => eprint!("{}", explain(&messages, &output_name(&args))),
        false => eprint!("{messages}"),
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the name of the module that is linked.
fn output_name(args: &[&OsStr]) -> String {
    let output = args.windows(2).find(|pair| pair[0] == "-o").map(|pair| Path::new(pair[1]));
    let stem = output.and_then(Path::file_stem).unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Replaces wasm-ld's messages of undefined symbols, which are data, by ones that tell the way out.
fn explain(messages: &str, module: &str) -> String {
    let (undefined, others): (Vec<_>, Vec<_>) =
        messages.lines().partition(|line| undefined_symbol(line).is_some());
    let undefined: BTreeSet<_> = undefined.into_iter().filter_map(undefined_symbol).collect();
    let others = others.into_iter().map(|line| format!("{line}\n"));
    let faults = undefined.iter().map(|(symbol, object)| {
        let symbol = linker::demangle(symbol);
        format!(
            "error: `{module}` takes the address of `{symbol}`, but defines it nowhere ({object})\n"
        )
    });
    let help = undefined.first().map(|(symbol, _)| way_out(symbol));
    others.chain(faults).chain(help).collect()
}

/// Splits `rust-lld: error: OBJECT: undefined symbol: NAME` into the name and the file of the object.
fn undefined_symbol(line: &str) -> Option<(&str, &str)> {
    let (object, symbol) = line.split_once(": undefined symbol: ")?;
    Some((symbol, object.rsplit(['/', '\\']).next()?.trim_start_matches("rust-lld: error: ")))
}

fn way_out(symbol: &str) -> String {
    let is_mangled = symbol.starts_with("_Z") || symbol.starts_with("_R");
    let name = if is_mangled { "name" } else { symbol };
    format!(
        "help: a Rust module lies at fixed addresses, and cannot import data: have the module that defines \
         it export a function that returns its address, in C `void *address_of_{name}(void) {{ return \
         (void *)&{name}; }}`, and call that; or move the code that uses it to that module\n"
    )
}
