//! `xtask` as the linker that cargo calls for the crates among the guests.
//!
//! Up to version 1.95, rustc passes `--allow-undefined`, with which wasm-ld imports undefined
//! functions. It cannot import undefined data into code at fixed addresses: it silently uses 0 as
//! the address. Here, wasm-ld gets `--import-undefined` instead. It then still imports functions,
//! and reports undefined data as an error.

use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use anyhow::Context;

use crate::support::files;
use crate::support::project::Project;

/// The targets for which rustc calls rust-lld directly.
const TARGETS: [&str; 3] = ["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32v1-none"];

const ALLOW_UNDEFINED: &str = "--allow-undefined";
const IMPORT_UNDEFINED: &str = "--import-undefined";

/// A file with the symbols that are imported although they are not functions: the tags of
/// exceptions.
const TAGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/imported-tags.txt");

/// Writes the settings with which cargo calls this program to link crates. Returns their path.
///
/// # Errors
///
/// If the path of this program is unknown, or the file cannot be written.
pub(crate) fn write_settings(project: &Project) -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("cannot find the path of this program")?;
    let program = toml::Value::from(program.to_string_lossy().into_owned());
    let targets = TARGETS.map(|target| format!("[target.{target}]\nlinker = {program}\n"));
    let file = project.target.join("linker.toml");
    files::create_folder(&project.target)?;
    files::write(&file, targets.concat())?;
    Ok(file)
}

/// Links, if rustc has started this program as its linker. Returns `None` otherwise. rustc passes
/// the kind of linker first.
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
    let args: Vec<_> = args.iter().map(|arg| strict(arg)).collect();
    let is_strict = args.iter().any(|arg| *arg == IMPORT_UNDEFINED);
    let mut lld = Command::new("rust-lld");
    lld.args(&args).stdout(Stdio::inherit());
    if is_strict {
        lld.arg(format!("--allow-undefined-file={TAGS}"));
    }
    let Output { status, stderr, .. } = lld.output()?;
    let messages = String::from_utf8_lossy(&stderr);
    if is_strict && !status.success() {
        eprint!("{}", explain(&messages, &output_name(&args)));
    } else {
        eprint!("{messages}");
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the strict form of an argument.
fn strict(arg: &OsStr) -> &OsStr {
    if arg == ALLOW_UNDEFINED { OsStr::new(IMPORT_UNDEFINED) } else { arg }
}

/// Returns the name of the module that is linked.
fn output_name(args: &[&OsStr]) -> String {
    let output = args.windows(2).find(|pair| pair[0] == "-o").map(|pair| Path::new(pair[1]));
    let stem = output.and_then(Path::file_stem).unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Replaces wasm-ld's messages about undefined symbols, which are all data, by ones that name a way
/// out.
fn explain(messages: &str, module: &str) -> String {
    let (undefined, others): (Vec<_>, Vec<_>) =
        messages.lines().partition(|line| undefined_symbol(line).is_some());
    let undefined: BTreeSet<_> = undefined.into_iter().filter_map(undefined_symbol).collect();
    let others = others.into_iter().map(|line| format!("{line}\n"));
    let faults = undefined.iter().map(|(symbol, object)| {
        let symbol = linker::demangle(symbol);
        format!(
            "error: `{module}` takes the address of `{symbol}`, but does not define it ({object})\n"
        )
    });
    let help = undefined.first().map(|(symbol, _)| way_out(symbol));
    others.chain(faults).chain(help).collect()
}

/// Splits `rust-lld: error: OBJECT: undefined symbol: NAME` into the name and the object's file
/// name.
fn undefined_symbol(line: &str) -> Option<(&str, &str)> {
    let (object, symbol) = line.split_once(": undefined symbol: ")?;
    Some((symbol, object.rsplit(['/', '\\']).next()?.trim_start_matches("rust-lld: error: ")))
}

/// Returns the advice for a symbol. A mangled name cannot be used in C.
fn way_out(symbol: &str) -> String {
    let is_mangled = symbol.starts_with("_Z") || symbol.starts_with("_R");
    let name = if is_mangled { "name" } else { symbol };
    format!(
        "help: a Rust module is at fixed addresses and cannot import data: let the module that \
         defines it export a function that returns its address, in C \
         `void *address_of_{name}(void) {{ return (void *)&{name}; }}`, and call that function; or \
         move the code that uses it to that module\n"
    )
}
