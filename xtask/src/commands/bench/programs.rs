//! Rows that programs of their own measure, since they are about what happens inside a process.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::build::{Sources, native_compiler};
use super::{Bench, Outcome, output};
use crate::build::sysroot::{self, LIBC_ARCHIVES, LIBCXX, MALLOC};
use crate::support::project;

/// Runs a row of `tests/benches/peers.rs`.
pub(super) fn peers(bench: &Bench<'_>, row: &str) -> anyhow::Result<Outcome> {
    let mut command = Command::new(project::cargo());
    command.current_dir(&bench.project.root);
    command.args(["bench", "-p", "tests", "--bench", "peers", "--", row]);
    // As `host` does, so that an exception costs the same.
    command.env("RUST_LIB_BACKTRACE", "0");
    samples(&mut command)
}

fn samples(command: &mut Command) -> anyhow::Result<Outcome> {
    let text = output(command)?;
    let line = text.lines().last().unwrap_or_default();
    let samples = serde_json::from_str(line);
    Ok(Outcome::Measured(samples.with_context(|| format!("{command:?} printed `{line}`"))?))
}

const NO_COMPILER: &str = "a native C or C++ compiler is missing";
const NO_SOURCES: &str = "the sources cannot be downloaded";

/// What makes a Rust cdylib a main, as build.rs of `calc` has it.
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

/// Between a Rust and a C++ library, both native and as modules.
pub(super) fn calls(bench: &Bench<'_>, row: &str) -> anyhow::Result<Outcome> {
    let (true, Some(compiler)) = (cfg!(unix), native_compiler(false)) else {
        return Outcome::missing(NO_COMPILER);
    };
    let sh = bench.shell()?;
    let rust = bench.source("calls.rs");
    let rustc = || {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let rustc = sh.cmd(rustc).args(["--edition", "2024", "--crate-type", "cdylib"]);
        rustc.args(["-C", "opt-level=2", "-C", "panic=abort"]).arg(&rust)
    };
    let link_args = MAIN.iter().map(|arg| format!("-Clink-arg={arg}"));
    let main = rustc().args(["--target", "wasm32-unknown-unknown"]).args(link_args);
    bench.make("calls-rust.wasm", std::slice::from_ref(&rust), main)?;
    let cpp = bench.sources(&["calls.cpp"], &[]);
    bench.shared_library("calls", &cpp)?;

    let library = |name: &str| format!("{DLL_PREFIX}{name}{DLL_SUFFIX}");
    let folder = bench.built("");
    bench.make(&library("calls-rust"), std::slice::from_ref(&rust), rustc())?;
    let search = [format!("-L{}", folder.display()), format!("-Wl,-rpath,{}", folder.display())];
    let command = sh.cmd(compiler).args(["-O2", "-shared", "-fPIC"]).args(&cpp.flags);
    let command = command.args(&cpp.files).args(&search).arg("-lcalls-rust");
    bench.make(&library("calls"), &cpp.files, command)?;
    let link = [search.as_slice(), &["-lcalls".to_owned(), "-lcalls-rust".to_owned()]].concat();
    let function = if row == "call-back" { "call_back" } else { "call_rust" };
    bench.native(function, &Sources::default(), &link)?;
    peers(bench, row)
}

/// C++ exceptions, compiled as Emscripten does by default.
pub(super) fn exceptions(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let sources = bench.sources(&["throws.cpp"], &["-fexceptions"]);
    bench.shared_library("throws", &sources)?;
    match bench.native("throw_catch", &sources, &[])? {
        Some(_) => peers(bench, "throw-catch"),
        None => Outcome::missing(NO_COMPILER),
    }
}

/// A library that is opened and closed while the program runs.
pub(super) fn opened(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let (true, Some(compiler)) = (cfg!(unix), native_compiler(true)) else {
        return Outcome::missing(NO_COMPILER);
    };
    let plugin = bench.sources(&["plugin.c"], &[]);
    let opens =
        |file: &Path| bench.sources(&["opens.c"], &[&format!("-DPLUGIN=\"{}\"", file.display())]);
    bench.shared_library("plugin", &plugin)?;
    bench.shared_library("opens", &opens(Path::new("plugin.wasm")))?;
    let library = format!("{DLL_PREFIX}plugin{DLL_SUFFIX}");
    let sh = bench.shell()?;
    let command = sh.cmd(compiler).args(["-O2", "-shared", "-fPIC"]);
    bench.make(&library, &plugin.files, command.args(&plugin.flags).args(&plugin.files))?;
    bench.native("open_close", &opens(&bench.built(&library)), &[])?;
    peers(bench, "open-close")
}

/// A library of others, and a program that uses it.
pub(super) struct Library {
    /// Its program's folder in `tests/real`.
    name: &'static str,
    function: &'static str,
    source: &'static str,
    /// What the module of the source is called.
    module: &'static str,
    flags: &'static [&'static str],
}

pub(super) const ZSTD: Library = Library {
    name: "zstd",
    function: "compress",
    source: "compress.c",
    module: "compress",
    flags: &[],
};

pub(super) const MESH: Library = Library {
    name: "meshopt",
    function: "optimise",
    source: "mesh.cpp",
    module: "mesh",
    // After those of the library, which wants an older one.
    flags: &["-std=c++17"],
};

impl Library {
    /// Builds it as shared libraries, and returns the sources of both; nothing without the library's.
    fn build(&self, bench: &Bench<'_>) -> anyhow::Result<Option<Sources>> {
        let Some(library) = bench.library(self.name)? else { return Ok(None) };
        bench.shared_library(self.name, &library)?;
        let program = bench.sources(&[self.source], self.flags);
        let all = library.and(&program);
        bench.shared_library(self.module, &Sources { files: program.files, ..all.clone() })?;
        Ok(Some(all))
    }
}

pub(super) fn library_native(
    bench: &Bench<'_>,
    row: &str,
    library: &Library,
) -> anyhow::Result<Outcome> {
    let Some(all) = library.build(bench)? else { return Outcome::missing(NO_SOURCES) };
    match bench.native(library.function, &all, &[])? {
        Some(_) => peers(bench, row),
        None => Outcome::missing(NO_COMPILER),
    }
}

pub(super) fn library_static(
    bench: &Bench<'_>,
    row: &str,
    library: &Library,
) -> anyhow::Result<Outcome> {
    let Some(all) = library.build(bench)? else { return Outcome::missing(NO_SOURCES) };
    bench.statically_linked(library.function, &all)?;
    peers(bench, row)
}

pub(super) fn containers(bench: &Bench<'_>, row: &str, function: &str) -> anyhow::Result<Outcome> {
    let sources = bench.sources(&["containers.cpp"], &["-std=c++17"]);
    bench.shared_library("containers", &sources)?;
    bench.statically_linked(function, &sources)?;
    peers(bench, row)
}

pub(super) fn instance(bench: &Bench<'_>, row: &str) -> anyhow::Result<Outcome> {
    output(&mut bench.link_tour()?.command)?;
    peers(bench, row)
}

/// How rust-lld links the tour, and what it writes.
pub(super) struct LinkedTour {
    pub(super) command: Command,
    pub(super) module: PathBuf,
}

impl Bench<'_> {
    /// The tour's objects, Emscripten's archives, and what the system libraries have of ours, all by the
    /// linker of the Rust toolchain: Emscripten's own may be too old for what rustc writes.
    pub(super) fn link_tour(&self) -> anyhow::Result<LinkedTour> {
        let objects = [self.tour_rust()?, self.tour_cpp()?];
        let emcmake = &self.emscripten.emcmake;
        let archives = sysroot::archives(emcmake)?;
        let names = LIBC_ARCHIVES.iter().chain(LIBCXX[0].archives.iter().copied().flatten());
        let compiler_rt = sysroot::Known::ask(emcmake)?.compiler_rt()?;
        let names = names.copied().chain([compiler_rt, MALLOC]);
        let archive = |name: &str| archives.join(format!("{name}.a"));
        let module = self.built("tour.static.wasm");
        let mut command = Command::new(sysroot::lld()?);
        command.args(["-flavor", "wasm", "--no-entry", "--allow-multiple-definition"]);
        command.args(["--strip-debug", "--export=tour", "--export=_initialize"]);
        // What `host` calls at the end.
        command.args(["--export=fflush", "--export=__funcs_on_exit"]);
        command.arg(archives.join("crt1_reactor.o")).args(objects);
        command
            .args(sysroot::compiled(self.project))
            .args(names.map(archive))
            .arg("-o")
            .arg(&module);
        output(&mut command)?;
        Ok(LinkedTour { command, module })
    }

    /// Emscripten's compiler marks what JavaScript calls; a linker keeps it all.
    fn tour_cpp(&self) -> anyhow::Result<PathBuf> {
        let source = self.project.root.join("tour").join("cpp").join("tour.cpp");
        let compiler = sysroot::sibling(&self.emscripten.emcmake, "em++");
        let sh = self.shell()?;
        let command = sh.cmd(compiler).args(["-c", "-Os", "-std=c++17"]).arg(&source);
        self.make("tour-cpp.o", &[source], command)
    }

    /// Without its module's name: rustc gives functions of another module names of its own, which no C++ object
    /// defines.
    fn tour_rust(&self) -> anyhow::Result<PathBuf> {
        const MODULE: &str = "#[link(wasm_import_module = \"env\")]\n";
        let original = self.project.root.join("tour").join("src").join("lib.rs");
        let text = fs::read_to_string(&original)
            .with_context(|| format!("cannot read `{}`", original.display()))?;
        if !text.contains(MODULE) {
            bail!("`{}` has no line `{}`", original.display(), MODULE.trim_end());
        }
        let source = self.built("tour.rs");
        let text = text.replace(MODULE, "");
        if !fs::read_to_string(&source).is_ok_and(|old| old == text) {
            fs::create_dir_all(self.built("")).context("cannot make the folder for it")?;
            fs::write(&source, text)
                .with_context(|| format!("cannot write `{}`", source.display()))?;
        }
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let sh = self.shell()?;
        let command = sh.cmd(rustc).args(["--edition", "2024", "--crate-type", "staticlib"]);
        let command = command.args(["-C", "opt-level=3", "-C", "panic=abort"]);
        let command = command.args(["--target", "wasm32-unknown-unknown"]).arg(&source);
        self.make("tour-rust.a", &[source], command)
    }
}

/// `tests/wit-component` links the same modules with both.
pub(super) fn wit_component(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let cargo = |args: &[&str]| {
        let mut command = Command::new(project::cargo());
        command.current_dir(bench.project.root.join("tests").join("wit-component"));
        command.args(args).arg("--locked");
        command
    };
    if output(&mut cargo(&["fetch"])).is_err() {
        crate::support::interrupt::check()?;
        return Outcome::missing("`wit-component` cannot be downloaded");
    }
    let mut command = cargo(&["run", "--release"]);
    samples(command.arg("--target-dir").arg(bench.project.bench().join("wit-component")))
}
