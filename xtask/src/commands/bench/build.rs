//! Builds what is compared, in `target/bench/built`. A file is built again when its command or a source changes.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;
use xshell::{Cmd, Shell};

use super::{Bench, output};
use crate::build::sysroot;
use crate::support::process;
use crate::support::project;

/// Sources that are compiled in one command, and how.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    pub(super) files: Vec<PathBuf>,
    /// For every compiler.
    pub(super) flags: Vec<String>,
    /// For Emscripten's only.
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

    fn is_c(&self) -> bool {
        self.files.iter().all(|file| file.extension() == Some(OsStr::new("c")))
    }
}

impl Bench<'_> {
    pub(super) fn built(&self, name: &str) -> PathBuf {
        self.project.bench().join("built").join(name)
    }

    /// A file of `tests/bench`.
    pub(super) fn source(&self, name: &str) -> PathBuf {
        self.project.root.join("tests").join("bench").join(name)
    }

    pub(super) fn sources(&self, names: &[&str], flags: &[&str]) -> Sources {
        let files = names.iter().map(|name| self.source(name)).collect();
        let include = format!("-I{}", self.project.root.join("tests").join("bench").display());
        let flags = flags.iter().map(|&flag| flag.to_owned()).chain([include]);
        Sources { files, flags: flags.collect(), wasm_flags: Vec::new() }
    }

    pub(super) fn shell(&self) -> anyhow::Result<Shell> {
        let sh = Shell::new().context("cannot read the current folder")?;
        sh.change_dir(&self.project.root);
        Ok(sh)
    }

    /// Runs a command that writes a file, which it is given after `-o`, unless the file is newer than what it is
    /// made of and of the same command.
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
        let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        let made =
            modified(&file).filter(|_| fs::read_to_string(&stamp_file).is_ok_and(|s| s == stamp));
        let headers = [self.source("bench.h")];
        let newest = sources.iter().chain(&headers).filter_map(|source| modified(source)).max();
        if made.is_some() && made > newest {
            return Ok(file);
        }
        fs::create_dir_all(self.built(""))
            .context("cannot make the folder for what is compared")?;
        process::run(self.step, command)?;
        fs::write(&stamp_file, stamp)
            .with_context(|| format!("cannot write `{}`", stamp_file.display()))?;
        Ok(file)
    }

    /// A shared library as a guest would be, but with -O2.
    pub(super) fn shared_library(&self, name: &str, sources: &Sources) -> anyhow::Result<PathBuf> {
        let flags = ["-fPIC", "-sSIDE_MODULE=1"];
        self.emcc(&format!("{name}.wasm"), sources, &flags)
    }

    /// Everything by Emscripten's linker, as a module that needs nothing but WASI. It has its memory from the
    /// start: one that grows would tell JavaScript so.
    pub(super) fn statically_linked(
        &self,
        function: &str,
        sources: &Sources,
    ) -> anyhow::Result<PathBuf> {
        let export = format!("-sEXPORTED_FUNCTIONS=_{function}");
        let flags = ["-sINITIAL_MEMORY=536870912", &export];
        self.emcc(&format!("{function}.static.wasm"), sources, &flags)
    }

    fn emcc(&self, name: &str, sources: &Sources, flags: &[&str]) -> anyhow::Result<PathBuf> {
        let program = if sources.is_c() { "emcc" } else { "em++" };
        let compiler = sysroot::sibling(&self.emscripten.emcmake, program);
        let common = ["-O2", "-sSTANDALONE_WASM", "-sWASM_BIGINT", "--no-entry"];
        let sh = self.shell()?;
        let command = sh.cmd(compiler).args(common).args(flags).args(&sources.flags);
        let command = command.args(&sources.wasm_flags).args(&sources.files);
        self.make(name, &sources.files, command)
    }

    /// A program that calls a function when it is told to.
    ///
    /// # Errors
    ///
    /// When it cannot be compiled. Without a compiler there is none.
    pub(super) fn native(
        &self,
        function: &str,
        sources: &Sources,
        link: &[String],
    ) -> anyhow::Result<Option<PathBuf>> {
        let sources = self.sources(&["native.c"], &[]).and(sources);
        let Some(compiler) = native_compiler(sources.is_c()) else { return Ok(None) };
        let sh = self.shell()?;
        // WebAssembly rounds after each operation; a C compiler may make one of a multiplication and an addition.
        let command = sh.cmd(compiler).args(["-O2", "-ffp-contract=off"]).args(&sources.flags);
        let command = command.arg(format!("-DFUNCTION={function}")).args(&sources.files).args(link);
        let name = format!("{function}{}", std::env::consts::EXE_SUFFIX);
        self.make(&name, &sources.files, command).map(Some)
    }

    /// A library of others with its sources, as its program in `tests/real` describes it; nothing if it
    /// cannot be downloaded.
    pub(super) fn library(&self, name: &str) -> anyhow::Result<Option<Sources>> {
        let cargo = |args: &[&str]| {
            let mut command = Command::new(project::cargo());
            command.current_dir(self.project.root.join("tests").join("real"));
            command.args(args).arg("--locked");
            command
        };
        if output(&mut cargo(&["fetch"])).is_err() {
            crate::support::interrupt::check()?;
            return Ok(None);
        }
        let text = output(&mut cargo(&["metadata", "--format-version", "1", "--offline"]))?;
        let metadata: Metadata =
            serde_json::from_str(&text).context("`cargo metadata` printed something unexpected")?;
        let package = |name: &str| {
            let found = metadata.packages.iter().find(|package| package.name == name);
            found.with_context(|| format!("cargo knows no package {name} in tests/real"))
        };
        let library = package(&format!("real-{name}"))?.metadata.as_ref();
        let library = library.and_then(|metadata| metadata.library.as_ref());
        let library = library.with_context(|| {
            format!("there is no `package.metadata.library` in tests/real/{name}/Cargo.toml")
        })?;
        let manifest = &package(&library.package)?.manifest_path;
        library.sources(manifest.parent().unwrap_or(Path::new(""))).map(Some)
    }
}

/// The part of `cargo metadata` that is of use here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    metadata: Option<PackageMetadata>,
}

#[derive(Deserialize)]
struct PackageMetadata {
    library: Option<Library>,
}

/// The sources of a library, in the crate that brings it.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Library {
    package: String,
    include: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    ending: String,
    flags: Vec<String>,
    wasm_flags: Vec<String>,
}

impl Library {
    fn sources(&self, folder: &Path) -> anyhow::Result<Sources> {
        let mut files = Vec::new();
        for subfolder in &self.folders {
            let subfolder = folder.join(subfolder);
            let cannot = || format!("cannot read `{}`", subfolder.display());
            for entry in fs::read_dir(&subfolder).with_context(cannot)? {
                files.push(entry.with_context(cannot)?.path());
            }
        }
        files.retain(|file| file.extension() == Some(OsStr::new(&self.ending)));
        files.sort();
        let include = |path| format!("-I{}", folder.join(path).display());
        let flags = self.flags.iter().cloned().chain(self.include.iter().map(include)).collect();
        Ok(Sources { files, flags, wasm_flags: self.wasm_flags.clone() })
    }
}

/// A compiler with the options of GCC's.
pub(super) fn native_compiler(c: bool) -> Option<PathBuf> {
    let names = if c { ["cc", "gcc", "clang"] } else { ["c++", "g++", "clang++"] };
    names.iter().find_map(|name| which::which(name).ok())
}
