//! Third-party libraries, from the crates in `tests/real` that include their sources, and the
//! programs of `tests/bench` that use them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;

use super::build::{Bench, Sources};
use super::measure::output;
use crate::support::interrupt;
use crate::support::project::{self, Project};

pub(super) const NO_SOURCES: &str = "the sources cannot be downloaded";

/// A third-party library, and a program of `tests/bench` that uses it.
pub(super) struct LibraryProgram {
    /// The name of the library, and of its folder in `tests/real`.
    pub(super) library: &'static str,
    /// The function of the program that is measured.
    pub(super) function: &'static str,
    source: &'static str,
    /// The name of the program's module.
    pub(super) module: &'static str,
    flags: &'static [&'static str],
}

pub(super) const ZSTD: LibraryProgram = LibraryProgram {
    library: "zstd",
    function: "compress",
    source: "compress.c",
    module: "compress",
    flags: &[],
};

pub(super) const MESH: LibraryProgram = LibraryProgram {
    library: "meshopt",
    function: "optimise",
    source: "mesh.cpp",
    module: "mesh",
    // These follow the options of the library, which asks for an older version of C++.
    flags: &["-std=c++17"],
};

impl LibraryProgram {
    /// Builds the library and the program as shared libraries, and returns the sources of both.
    /// Returns `None` if the library cannot be downloaded.
    pub(super) fn build(&self, bench: &Bench<'_>) -> anyhow::Result<Option<Sources>> {
        let Some(library) = sources(bench.project, self.library)? else {
            return Ok(None);
        };
        bench.shared_library(self.library, &library)?;
        let program = bench.sources(&[self.source], self.flags);
        let all = library.and(&program);
        bench.shared_library(self.module, &Sources { files: program.files, ..all.clone() })?;
        Ok(Some(all))
    }
}

/// Returns the sources of a library, as the manifest of its program in `tests/real` describes them.
/// Returns `None` if they cannot be downloaded.
fn sources(project: &Project, name: &str) -> anyhow::Result<Option<Sources>> {
    if output(&mut cargo(project, &["fetch"])).is_err() {
        interrupt::check()?;
        return Ok(None);
    }
    let text = output(&mut cargo(project, &["metadata", "--format-version", "1", "--offline"]))?;
    let metadata: RealMetadata =
        serde_json::from_str(&text).context("`cargo metadata` printed something unexpected")?;
    let program = metadata.package(&format!("real-{name}"))?;
    let library = program.metadata.as_ref().and_then(|metadata| metadata.library.as_ref());
    let library = library.with_context(|| {
        format!("there is no `package.metadata.library` in tests/real/{name}/Cargo.toml")
    })?;
    let manifest = &metadata.package(&library.package)?.manifest_path;
    library.sources(manifest.parent().unwrap_or(Path::new(""))).map(Some)
}

fn cargo(project: &Project, args: &[&str]) -> Command {
    let mut command = Command::new(project::cargo());
    command.current_dir(project.root.join("tests").join("real"));
    command.args(args).arg("--locked");
    command
}

/// The part of the output of `cargo metadata` that is used here.
#[derive(Deserialize)]
struct RealMetadata {
    packages: Vec<RealPackage>,
}

#[derive(Deserialize)]
struct RealPackage {
    name: String,
    manifest_path: PathBuf,
    metadata: Option<PackageMetadata>,
}

#[derive(Deserialize)]
struct PackageMetadata {
    library: Option<LibrarySources>,
}

/// The sources of a library, in the crate that includes them.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LibrarySources {
    package: String,
    include: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// The extension of the sources.
    ending: String,
    flags: Vec<String>,
    wasm_flags: Vec<String>,
}

impl RealMetadata {
    fn package(&self, name: &str) -> anyhow::Result<&RealPackage> {
        let found = self.packages.iter().find(|package| package.name == name);
        found.with_context(|| format!("tests/real has no package {name}"))
    }
}

impl LibrarySources {
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
