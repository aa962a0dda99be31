//! Programs in two builds from the same sources with the same options: modules that `host` links,
//! and one module that Emscripten links statically.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use super::build::Bench;
use super::measure::output;
use super::third_party::ZSTD;

/// The call that runs a program: an export and its arguments, or none for a command.
type Call = &'static [&'static str];

const COMMAND: Call = &[];

/// A program in two builds.
pub(super) struct Pair {
    pub(super) name: &'static str,
    program: PathBuf,
    /// The modules that are linked to `program`.
    libraries: Vec<PathBuf>,
    call: Call,
    pub(super) static_module: PathBuf,
    static_call: Call,
}

/// Builds both sides of a pair. Returns `None` if its sources cannot be downloaded.
pub(super) type BuildPair = fn(&Bench<'_>) -> anyhow::Result<Option<Pair>>;

/// A program that catches exceptions. They are those of WebAssembly, since Emscripten implements
/// its other kind in JavaScript.
pub(super) fn catch(bench: &Bench<'_>) -> anyhow::Result<Option<Pair>> {
    command(bench, "catch", &["-fwasm-exceptions"]).map(Some)
}

/// A program that sorts strings.
pub(super) fn strings(bench: &Bench<'_>) -> anyhow::Result<Option<Pair>> {
    command(bench, "strings", &[]).map(Some)
}

/// Builds the C++ program NAME.cpp, which has a `main`.
fn command(bench: &Bench<'_>, name: &'static str, wasm_flags: &[&str]) -> anyhow::Result<Pair> {
    let mut sources = bench.sources(&[&format!("{name}.cpp")], &["-std=c++17"]);
    sources.wasm_flags = wasm_flags.iter().map(|&flag| flag.to_owned()).collect();
    Ok(Pair {
        name,
        program: bench.shared_library(name, &sources)?,
        libraries: Vec::new(),
        call: COMMAND,
        static_module: bench.static_command(name, &sources)?,
        static_call: COMMAND,
    })
}

/// The tour. Its Rust half is a main, and so has no `main` of C.
pub(super) fn tour(bench: &Bench<'_>) -> anyhow::Result<Option<Pair>> {
    Ok(Some(Pair {
        name: "tour",
        program: bench.project.guest("tour"),
        libraries: vec![bench.project.guest("tour-cpp")],
        call: &["tour"],
        static_module: bench.emscripten_tour()?,
        static_call: COMMAND,
    }))
}

/// A program that compresses a mebibyte with zstd.
pub(super) fn zstd(bench: &Bench<'_>) -> anyhow::Result<Option<Pair>> {
    const CALL: Call = &[ZSTD.function, "1048576"];
    let Some(sources) = ZSTD.build(bench)? else { return Ok(None) };
    Ok(Some(Pair {
        name: "zstd",
        program: bench.module(ZSTD.module),
        libraries: vec![bench.module(ZSTD.library)],
        call: CALL,
        static_module: bench.statically_linked(ZSTD.function, &sources)?,
        static_call: CALL,
    }))
}

impl Pair {
    /// Fuses our modules to a file, and returns its path.
    pub(super) fn fuse(&self, bench: &Bench<'_>) -> anyhow::Result<PathBuf> {
        let file = bench.module(&format!("{}.fused", self.name));
        output(bench.host(&["fuse"]).args(self.modules()).arg("-o").arg(&file))?;
        Ok(file)
    }

    /// Returns the arguments that link our modules.
    fn modules(&self) -> Vec<PathBuf> {
        let links = self.libraries.iter().flat_map(|library| ["--link".into(), library.clone()]);
        links.chain([self.program.clone()]).collect()
    }

    /// Returns the command with which `host` links and runs our modules.
    pub(super) fn run_modules(&self, bench: &Bench<'_>, options: &[&str]) -> Command {
        let mut command = bench.host(&["run"]);
        add_call(command.args(options), self.call, self.modules());
        command
    }

    /// Returns the command with which `program`, another engine's, runs the static module.
    pub(super) fn run_static(&self, program: &Path, options: &[&str]) -> Command {
        let mut command = Command::new(program);
        let module = vec![self.static_module.clone()];
        add_call(command.arg("run").args(options), self.static_call, module);
        command
    }

    /// Checks that two files print the same: ours fused, and the static one.
    pub(super) fn check_files(
        &self,
        bench: &Bench<'_>,
        fused: &Path,
        static_module: &Path,
    ) -> anyhow::Result<()> {
        let mut ours = bench.host(&["run"]);
        add_call(&mut ours, self.call, vec![fused.to_owned()]);
        let mut theirs = bench.host(&["run"]);
        add_call(&mut theirs, self.static_call, vec![static_module.to_owned()]);
        check_same_output(&mut ours, &mut theirs)
    }
}

/// Appends modules and the call to a command line.
fn add_call(command: &mut Command, call: Call, modules: Vec<PathBuf>) {
    match call {
        [] => command.args(modules),
        [function, args @ ..] => command.args(["--invoke", function]).args(modules).args(args),
    };
}

/// Checks that two commands print the same.
pub(super) fn check_same_output(ours: &mut Command, theirs: &mut Command) -> anyhow::Result<()> {
    let our_text = output(ours)?;
    let their_text = output(theirs)?;
    if our_text != their_text {
        bail!("{ours:?} printed\n{our_text}but {theirs:?} printed\n{their_text}");
    }
    Ok(())
}
