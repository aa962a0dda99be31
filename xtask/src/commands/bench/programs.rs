//! The rows about what happens inside a process. Programs of their own measure them.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;
use std::process::Command;
use std::slice;

use super::build::{Bench, Language, Sources, unix_compiler};
use super::measure::{output, samples};
use super::pairs;
use super::samples::Outcome;
use super::third_party::{LibraryProgram, NO_SOURCES};
use crate::support::interrupt;
use crate::support::project;
use crate::tools::rust;

/// Runs a row of `tests/benches/peers.rs`.
pub(super) fn peers(bench: &Bench<'_>, row: &str) -> anyhow::Result<Outcome> {
    let mut command = Command::new(project::cargo());
    command.current_dir(&bench.project.root);
    command.args(["bench", "-p", "tests", "--bench", "peers", "--", row]);
    // `host` sets this too. With backtraces, an exception would take longer.
    command.env("RUST_LIB_BACKTRACE", "0");
    samples(&mut command)
}

const NO_COMPILER: &str = "a native C or C++ compiler is missing";

/// The linker arguments that make a Rust cdylib a main. They are those of the build script of
/// `calc`.
const MAIN: [&str; 8] = [
    "--export-table",
    "--growable-table",
    "--export=__stack_pointer",
    "--export=__heap_base",
    "--export=__heap_end",
    "--export=__stack_low",
    "--export=__stack_high",
    "--export=__wasm_call_ctors",
];

/// Measures calls between a Rust and a C++ library, natively and as modules.
pub(super) fn calls(bench: &Bench<'_>, row: &str) -> anyhow::Result<Outcome> {
    let Some(compiler) = unix_compiler(Language::Cpp) else {
        return Outcome::missing(NO_COMPILER);
    };
    let sh = bench.shell()?;
    let source = bench.source("calls.rs");
    let rustc = || {
        sh.cmd(rust::rustc())
            .args(["--edition", "2024", "--crate-type", "cdylib"])
            .args(["-C", "opt-level=2", "-C", "panic=abort"])
            .arg(&source)
    };
    let link_args = MAIN.iter().map(|arg| format!("-Clink-arg={arg}"));
    let main = rustc().args(["--target", "wasm32-unknown-unknown"]).args(link_args);
    bench.make("calls-rust.wasm", slice::from_ref(&source), main)?;
    let cpp = bench.sources(&["calls.cpp"], &[]);
    bench.shared_library("calls", &cpp)?;

    let library = |name: &str| format!("{DLL_PREFIX}{name}{DLL_SUFFIX}");
    let folder = bench.built("");
    bench.make(&library("calls-rust"), slice::from_ref(&source), rustc())?;
    let search = [format!("-L{}", folder.display()), format!("-Wl,-rpath,{}", folder.display())];
    let command = sh
        .cmd(compiler)
        .args(["-O2", "-shared", "-fPIC"])
        .args(&cpp.flags)
        .args(&cpp.files)
        .args(&search)
        .arg("-lcalls-rust");
    bench.make(&library("calls"), &cpp.files, command)?;
    let link = [search.as_slice(), &["-lcalls".to_owned(), "-lcalls-rust".to_owned()]].concat();
    let function = if row == "call-back" { "call_back" } else { "call_rust" };
    bench.native(function, &Sources::default(), &link)?;
    peers(bench, row)
}

/// Measures C++ exceptions, compiled in the way that is Emscripten's default.
pub(super) fn exceptions(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let sources = bench.sources(&["throws.cpp"], &["-fexceptions"]);
    bench.shared_library("throws", &sources)?;
    match bench.native("throw_catch", &sources, &[])? {
        Some(_) => peers(bench, "throw-catch"),
        None => Outcome::missing(NO_COMPILER),
    }
}

/// Measures a library that is opened and closed while the program runs.
pub(super) fn open_close(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let Some(compiler) = unix_compiler(Language::C) else {
        return Outcome::missing(NO_COMPILER);
    };
    let plugin = bench.sources(&["plugin.c"], &[]);
    let opens =
        |file: &Path| bench.sources(&["opens.c"], &[&format!("-DPLUGIN=\"{}\"", file.display())]);
    bench.shared_library("plugin", &plugin)?;
    bench.shared_library("opens", &opens(Path::new("plugin.wasm")))?;
    let library = format!("{DLL_PREFIX}plugin{DLL_SUFFIX}");
    let sh = bench.shell()?;
    let command =
        sh.cmd(compiler).args(["-O2", "-shared", "-fPIC"]).args(&plugin.flags).args(&plugin.files);
    bench.make(&library, &plugin.files, command)?;
    bench.native("open_close", &opens(&bench.built(&library)), &[])?;
    peers(bench, "open-close")
}

/// Compares a library with its native build.
pub(super) fn library_native(
    bench: &Bench<'_>,
    row: &str,
    program: &LibraryProgram,
) -> anyhow::Result<Outcome> {
    let Some(all) = program.build(bench)? else { return Outcome::missing(NO_SOURCES) };
    match bench.native(program.function, &all, &[])? {
        Some(_) => peers(bench, row),
        None => Outcome::missing(NO_COMPILER),
    }
}

/// Compares a library with a module that Emscripten links statically.
pub(super) fn library_static(
    bench: &Bench<'_>,
    row: &str,
    program: &LibraryProgram,
) -> anyhow::Result<Outcome> {
    let Some(all) = program.build(bench)? else { return Outcome::missing(NO_SOURCES) };
    bench.statically_linked(program.function, &all)?;
    peers(bench, row)
}

/// Compares a function that uses C++ containers with a module that Emscripten links statically.
pub(super) fn containers(bench: &Bench<'_>, row: &str, function: &str) -> anyhow::Result<Outcome> {
    let sources = bench.sources(&["containers.cpp"], &["-std=c++17"]);
    bench.shared_library("containers", &sources)?;
    bench.statically_linked(function, &sources)?;
    peers(bench, row)
}

/// Compares instances of the tour with those of the module that rust-lld links.
pub(super) fn instance(bench: &Bench<'_>, row: &str) -> anyhow::Result<Outcome> {
    output(&mut bench.link_tour()?.command)?;
    peers(bench, row)
}

/// Compares the memory of many instances of a program with that of a static module's instances.
pub(super) fn instances(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    if !cfg!(target_os = "linux") {
        return Outcome::missing(
            "the memory of a process is read from `/proc`, which only Linux has",
        );
    }
    match pairs::strings(bench)? {
        Some(_) => peers(bench, "instances-1000"),
        None => Outcome::missing(NO_SOURCES),
    }
}

/// Measures with `tests/wit-component`, which links the same modules with both linkers.
pub(super) fn wit_component(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let cargo = |args: &[&str]| {
        let mut command = Command::new(project::cargo());
        command.current_dir(bench.project.root.join("tests").join("wit-component"));
        command.args(args).arg("--locked");
        command
    };
    if output(&mut cargo(&["fetch"])).is_err() {
        interrupt::check()?;
        return Outcome::missing("`wit-component` cannot be downloaded");
    }
    let mut command = cargo(&["run", "--release"]);
    samples(command.arg("--target-dir").arg(bench.project.bench().join("wit-component")))
}
