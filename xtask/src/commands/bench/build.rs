//! Builds the programs and modules that are compared, in `target/bench/built`.
//!
//! A file is built again if its command or one of its sources has changed.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xshell::{Cmd, Shell};

use crate::build::manifest::Manifest;
use crate::support::files;
use crate::support::process;
use crate::support::progress::Step;
use crate::support::project::Project;
use crate::tools::emscripten::Emscripten;

/// What a measurement needs to know.
pub(super) struct Bench<'a> {
    pub(super) project: &'a Project,
    pub(super) manifest: &'a Manifest,
    pub(super) emscripten: &'a Emscripten,
    pub(super) step: &'a Step<'a>,
}

/// Sources that one command compiles, and their compiler options.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    pub(super) files: Vec<PathBuf>,
    /// The options for every compiler.
    pub(super) flags: Vec<String>,
    /// The options for Emscripten's compiler only.
    pub(super) wasm_flags: Vec<String>,
}

impl Sources {
    pub(super) fn and(&self, other: &Sources) -> Sources {
        Sources {
            files: [self.files.as_slice(), &other.files].concat(),
            flags: [self.flags.as_slice(), &other.flags].concat(),
            wasm_flags: [self.wasm_flags.as_slice(), &other.wasm_flags].concat(),
        }
    }

    fn language(&self) -> Language {
        let is_c = |file: &PathBuf| file.extension() == Some(OsStr::new("c"));
        if self.files.iter().all(is_c) { Language::C } else { Language::Cpp }
    }
}

/// A language that a compiler is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    C,
    Cpp,
}

impl Bench<'_> {
    /// Returns the path of a file that is built.
    pub(super) fn built(&self, name: &str) -> PathBuf {
        self.project.bench().join("built").join(name)
    }

    /// Returns the path of a module that is built.
    pub(super) fn module(&self, name: &str) -> PathBuf {
        self.built(&format!("{name}.wasm"))
    }

    /// Returns the path of a file of `tests/bench`.
    pub(super) fn source(&self, name: &str) -> PathBuf {
        self.project.root.join("tests").join("bench").join(name)
    }

    /// Returns files of `tests/bench` as sources.
    pub(super) fn sources(&self, names: &[&str], flags: &[&str]) -> Sources {
        let include = format!("-I{}", self.project.root.join("tests").join("bench").display());
        Sources {
            files: names.iter().map(|name| self.source(name)).collect(),
            flags: flags.iter().map(|&flag| flag.to_owned()).chain([include]).collect(),
            wasm_flags: Vec::new(),
        }
    }

    /// Returns a call of `host`.
    pub(super) fn host(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.project.host());
        command.args(args);
        command
    }

    /// Returns a shell whose commands run in the workspace's root.
    pub(super) fn shell(&self) -> anyhow::Result<Shell> {
        process::shell(&self.project.root)
    }

    /// Runs a command that writes a file, whose path is appended after `-o`. Does nothing if the
    /// file is newer than its sources and was written by the same command.
    pub(super) fn make(
        &self,
        name: &str,
        sources: &[PathBuf],
        command: Cmd<'_>,
    ) -> anyhow::Result<PathBuf> {
        let file = self.built(name);
        let command = command.arg("-o").arg(&file);
        let stamp = format!("{}\n{command}\n", self.emscripten.version);
        let stamp_file = self.built(&format!("{name}.stamp"));
        if files::has_text(&stamp_file, &stamp) && self.is_newer(&file, sources) {
            return Ok(file);
        }
        files::create_folder(&self.built(""))?;
        process::run(self.step, command)?;
        files::write(&stamp_file, &stamp)?;
        Ok(file)
    }

    /// Returns whether a file exists and is newer than its sources and the header of `tests/bench`.
    fn is_newer(&self, file: &Path, sources: &[PathBuf]) -> bool {
        let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        let headers = [self.source("bench.h")];
        let newest = sources.iter().chain(&headers).filter_map(|source| modified(source)).max();
        modified(file).is_some_and(|modified| Some(modified) > newest)
    }

    /// Builds a shared library as a guest would be built, but with -O2.
    pub(super) fn shared_library(&self, name: &str, sources: &Sources) -> anyhow::Result<PathBuf> {
        self.emcc(&format!("{name}.wasm"), sources, &["--no-entry", "-fPIC", "-sSIDE_MODULE=1"])
    }

    /// Links a program with `main` with Emscripten's linker, to a command that needs only WASI.
    pub(super) fn static_command(&self, name: &str, sources: &Sources) -> anyhow::Result<PathBuf> {
        self.emcc(&format!("{name}.static.wasm"), sources, &[])
    }

    /// Links everything with Emscripten's linker, to a module that needs only WASI. The module
    /// starts with all of its memory: if its memory grew, it would call JavaScript.
    pub(super) fn statically_linked(
        &self,
        function: &str,
        sources: &Sources,
    ) -> anyhow::Result<PathBuf> {
        let export = format!("-sEXPORTED_FUNCTIONS=_{function}");
        let flags = ["--no-entry", "-sINITIAL_MEMORY=536870912", &export];
        self.emcc(&format!("{function}.static.wasm"), sources, &flags)
    }

    fn emcc(&self, name: &str, sources: &Sources, flags: &[&str]) -> anyhow::Result<PathBuf> {
        let compiler = match sources.language() {
            Language::C => "emcc",
            Language::Cpp => "em++",
        };
        let sh = self.shell()?;
        let command = sh
            .cmd(self.emscripten.program(compiler))
            .args(["-O2", "-sSTANDALONE_WASM", "-sWASM_BIGINT"])
            .args(flags)
            .args(&sources.flags)
            .args(&sources.wasm_flags)
            .args(&sources.files);
        self.make(name, &sources.files, command)
    }

    /// Builds a native program that calls a function each time its standard input asks for it.
    /// Returns `None` if there is no compiler.
    pub(super) fn native(
        &self,
        function: &str,
        sources: &Sources,
        link: &[String],
    ) -> anyhow::Result<Option<PathBuf>> {
        let sources = self.sources(&["native.c"], &[]).and(sources);
        let Some(compiler) = native_compiler(sources.language()) else { return Ok(None) };
        let sh = self.shell()?;
        // WebAssembly rounds after each operation. By default, a C compiler may combine a
        // multiplication and an addition.
        let command = sh
            .cmd(compiler)
            .args(["-O2", "-ffp-contract=off"])
            .args(&sources.flags)
            .arg(format!("-DFUNCTION={function}"))
            .args(&sources.files)
            .args(link);
        self.make(&format!("{function}{EXE_SUFFIX}"), &sources.files, command).map(Some)
    }
}

/// Finds a native compiler like [`native_compiler`], on systems with `dlopen` and `getrusage`.
pub(super) fn unix_compiler(language: Language) -> Option<PathBuf> {
    if cfg!(unix) { native_compiler(language) } else { None }
}

/// Finds a native compiler that has the options of GCC.
fn native_compiler(language: Language) -> Option<PathBuf> {
    let names = match language {
        Language::C => ["cc", "gcc", "clang"],
        Language::Cpp => ["c++", "g++", "clang++"],
    };
    names.iter().find_map(|name| which::which(name).ok())
}
