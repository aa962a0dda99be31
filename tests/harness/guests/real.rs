//! Real libraries by other authors: Lua and zstd in C, Jsonnet, with nlohmann's JSON library in
//! it, and meshoptimizer in C++.
//!
//! Each has a program in `tests/real`, which prints what the library made of its input. It is built
//! twice: natively with the crate that brings the library, and as a WebAssembly main that is linked
//! to the library as a shared library, of the sources in that same crate. Both must print the same.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::trial::{ignorable, ignored};
use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

use crate::support::compile::{self, Role};
use crate::support::console;
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |test: &str, name| ignorable(test, move || run(name));
    vec![
        trial("real::jsonnet_reports_errors_as_natively", "jsonnet"),
        trial("real::lua_runs_scripts_as_natively", "lua"),
        trial("real::zstd_compresses_as_natively", "zstd"),
        trial("real::meshoptimizer_optimises_as_natively", "meshopt"),
    ]
}

/// A program's library, as `package.metadata.library` of its Cargo.toml describes it.
struct Library {
    /// The program's folder in `tests/real`, and what its WebAssembly module is called.
    name: &'static str,
    sources: Vec<PathBuf>,
    /// Files whose bytes the sources include as a list, from `FILE.h`.
    embedded: Vec<PathBuf>,
    /// Sources that become libraries of their own, which the program opens while it runs.
    opened: Vec<String>,
    flags: Vec<String>,
}

impl Library {
    fn find(name: &'static str) -> Result<Self, Failed> {
        let metadata = finish(cargo(&["metadata", "--format-version", "1"]).arg("--offline"))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let package = |name: &str| {
            let packages = metadata["packages"].as_array().into_iter().flatten();
            let found = packages.into_iter().find(|package| package["name"] == name);
            found.ok_or_else(|| Failed::from(format!("cargo knows no package {name}")))
        };
        let library = &package(&format!("real-{name}"))?["metadata"]["library"];
        let text = |key: &str| library[key].as_str().unwrap_or_default();
        // The folder in which cargo keeps the sources of the library's package.
        let manifest = package(text("package"))?["manifest_path"].as_str().unwrap_or_default();
        let folder = Path::new(manifest).parent().unwrap_or(Path::new(""));
        let mut sources = Vec::new();
        for subfolder in strings(&library["folders"]) {
            for entry in fs::read_dir(folder.join(subfolder))? {
                sources.push(entry?.path());
            }
        }
        sources.retain(|path| path.extension() == Some(OsStr::new(text("ending"))));
        let left_out: Vec<_> = strings(&library["without"]).collect();
        sources.retain(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            !left_out.iter().any(|end| file.ends_with(end))
        });
        sources.sort();
        let embedded = strings(&library["embedded"]).map(|file| folder.join(file)).collect();
        let include = strings(&library["include"]);
        let include = include.map(|path| format!("-I{}", folder.join(path).display()));
        let flags =
            strings(&library["flags"]).chain(strings(&library["wasm-flags"])).chain(include);
        let opened = strings(&library["opened"]).collect();
        Ok(Library { name, sources, embedded, opened, flags: flags.collect() })
    }

    fn compiler(&self) -> &'static str {
        let is_c = |path: &PathBuf| path.extension() == Some(OsStr::new("c"));
        if self.sources.iter().all(is_c) { "emcc" } else { "em++" }
    }
}

fn strings(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
}

fn run(name: &'static str) -> Result<Completion, Failed> {
    if !["c++", "g++", "clang++", "cl"].iter().any(|program| which::which(program).is_ok()) {
        return ignored("a C++ compiler is missing");
    }
    if !cargo(&["fetch"]).output()?.status.success() {
        return ignored(&format!("the sources of {name} cannot be downloaded"));
    }
    let library = Library::find(name)?;
    let Ok(compiler) = which::which(library.compiler()) else {
        return ignored("Emscripten is missing");
    };
    let module = build_module(&library, &compiler)?;
    let sandbox = Sandbox::empty()?;
    let main = sandbox.path().join("main.wasm");
    compile::compile(&real().join(name).join("main.rs"), Role::Main, &main)?;
    let mut host = Command::new(workspace::host());
    host.args(["run", "--invoke", "test"]);
    for source in &library.opened {
        let opened = sandbox.path().join(source).with_extension("wasm");
        let mut command = side_module(&compiler, &library);
        output(command.arg(real().join(name).join(source)).arg("-o").arg(opened))?;
    }
    if !library.opened.is_empty() {
        let root = format!("{}::/", sandbox.path().display());
        host.args(["--dlopen-from-dir", "--dir", &root]);
    }
    host.arg("--link").arg(module).arg(main);
    console::same(&output(&mut host)?, &native(name)?, "expected is the native program's output")?;
    Ok(Completion::Completed)
}

/// Returns the output of a command that must succeed.
fn output(command: &mut Command) -> Result<String, Failed> {
    workspace::clean_environment(command);
    finish(command)
}

fn finish(command: &mut Command) -> Result<String, Failed> {
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

fn real() -> PathBuf {
    workspace::root().join("tests").join("real")
}

/// The folder that these tests keep for the next run.
fn built() -> PathBuf {
    workspace::target().join("tests").join("real")
}

/// A command of cargo's on the programs, as they are locked; it may use the network.
fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    workspace::clean_environment(&mut cargo);
    cargo.env_remove("CARGO_NET_OFFLINE").current_dir(real()).args(args).arg("--locked");
    cargo
}

fn native(name: &str) -> Result<String, Failed> {
    let mut cargo = cargo(&["run", "--release", "--package", &format!("real-{name}")]);
    // WebAssembly rounds after each operation. Elsewhere than on x86-64 a C compiler makes one
    // operation of a multiplication and an addition, where it may.
    cargo.env("CFLAGS", "-ffp-contract=off").env("CXXFLAGS", "-ffp-contract=off");
    finish(cargo.arg("--target-dir").arg(built().join("native")))
}

fn side_module(compiler: &Path, library: &Library) -> Command {
    let mut command = Command::new(compiler);
    command.args(["-O2", "-fPIC", "-sSIDE_MODULE=1", "-sSTANDALONE_WASM", "-sWASM_BIGINT"]);
    command.arg("--no-entry").args(&library.flags);
    command
}

/// The library as a side module; it is built again if its version, Emscripten or a flag is another.
fn build_module(library: &Library, compiler: &Path) -> Result<PathBuf, Failed> {
    let mut command = side_module(compiler, library);
    command.args(&library.sources);
    let version = output(Command::new(compiler).arg("--version"))?;
    let stamp = format!("{version}{command:?}");
    let module = built().join(format!("{}.wasm", library.name));
    let stamp_file = module.with_extension("stamp");
    if module.is_file() && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(module);
    }
    fs::create_dir_all(built())?;
    // A folder next to it, so that a partial build never has the final name.
    let folder = tempfile::tempdir_in(built())?;
    for file in &library.embedded {
        let bytes = fs::read(file)?.into_iter().chain([0]);
        let list: String = bytes.map(|byte| format!("{byte},")).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        fs::write(folder.path().join(format!("{name}.h")), list)?;
    }
    command.arg("-I").arg(folder.path());
    let unfinished = folder.path().join("library.wasm");
    output(command.arg("-o").arg(&unfinished))?;
    fs::rename(unfinished, &module)?;
    fs::write(stamp_file, stamp)?;
    Ok(module)
}
