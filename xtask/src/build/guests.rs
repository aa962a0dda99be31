//! Builds the guests: crates with cargo, C++ with CMake and Emscripten, in parallel.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, anyhow};
use xshell::{Cmd, Shell, cmd};

use crate::build::manifest::{Guest, GuestKind, Manifest};
use crate::build::wasm_linker;
use crate::support::interrupt::Interrupted;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::{self, Cdylib, Project};
use crate::tools::cmake::{self, CmakeBuild, Configuration};
use crate::tools::emscripten::Emscripten;
use crate::tools::find;
use crate::tools::tool::Tool;

/// A guest that was built and not yet published.
#[derive(Debug)]
pub(crate) struct BuiltGuest<'a> {
    pub(crate) guest: &'a Guest,
    pub(crate) bytes: Vec<u8>,
}

/// Builds the guests that are stale. `target` overrides the target triple of the crates.
///
/// # Errors
///
/// The failures of every tool.
pub(crate) fn build<'a>(
    project: &Project,
    progress: &Progress,
    manifest: &'a Manifest,
    target: Option<&'a str>,
) -> anyhow::Result<Vec<BuiltGuest<'a>>> {
    let jobs = jobs(manifest, target);
    let results = thread::scope(|scope| {
        let run = |job| scope.spawn(move || build_job(project, progress, job));
        let running: Vec<_> = jobs.iter().map(run).collect();
        running.into_iter().map(|job| job.join().unwrap_or_else(panicked)).collect::<Vec<_>>()
    });
    let mut built = Vec::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(guests) => built.extend(guests),
            Err(failure) => failures.push(failure),
        }
    }
    built.sort_by(|a: &BuiltGuest<'_>, b| a.guest.name.cmp(&b.guest.name));
    combine(failures).map(|()| built)
}

fn panicked<T>(_: Box<dyn Any + Send>) -> anyhow::Result<T> {
    Err(anyhow!("a build thread panicked; this is a bug in xtask"))
}

/// Combines the failures of several tools. A single one keeps its type.
fn combine(mut failures: Vec<anyhow::Error>) -> anyhow::Result<()> {
    if failures.len() > 1 {
        if failures.iter().any(|failure| failure.is::<Interrupted>()) {
            return Err(Interrupted.into());
        }
        let texts: Vec<_> = failures.iter().map(|failure| format!("{failure:#}")).collect();
        return Err(anyhow!("{}", texts.join("\n\nerror: ")));
    }
    failures.pop().map_or(Ok(()), Err)
}

/// Guests that one call of a tool builds.
struct Job<'a> {
    builder: Builder<'a>,
    guests: Vec<&'a Guest>,
}

/// The tool that builds guests, with what several guests may share. A build has one job for each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Builder<'a> {
    Cmake { project: &'a Path },
    Cargo { triple: &'a str },
}

fn jobs<'a>(manifest: &'a Manifest, target: Option<&'a str>) -> Vec<Job<'a>> {
    let mut guests = BTreeMap::<_, Vec<_>>::new();
    for guest in &manifest.guests {
        let builder = match guest.kind {
            GuestKind::Cargo => Builder::Cargo { triple: target.unwrap_or(&guest.target) },
            GuestKind::Cmake => Builder::Cmake { project: &guest.path },
        };
        guests.entry(builder).or_default().push(guest);
    }
    guests.into_iter().map(|(builder, guests)| Job { builder, guests }).collect()
}

fn build_job<'a>(
    project: &Project,
    progress: &Progress,
    job: &Job<'a>,
) -> anyhow::Result<Vec<BuiltGuest<'a>>> {
    let files = match job.builder {
        Builder::Cargo { triple } => build_crates(project, progress, triple, &job.guests)?,
        Builder::Cmake { project: path } => build_cmake(project, progress, path, &job.guests)?,
    };
    job.guests.iter().zip(files).map(|(guest, file)| read_built(guest, &file)).collect()
}

fn read_built<'a>(guest: &'a Guest, file: &Path) -> anyhow::Result<BuiltGuest<'a>> {
    let bytes = fs::read(file).with_context(|| {
        format!("`{}` was built, but there is no `{}`", guest.name, file.display())
    })?;
    Ok(BuiltGuest { guest, bytes })
}

fn names(guests: &[&Guest]) -> String {
    guests.iter().map(|guest| guest.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Builds crates for a target, and returns the file of each.
fn build_crates(
    project: &Project,
    progress: &Progress,
    triple: &str,
    guests: &[&Guest],
) -> anyhow::Result<Vec<PathBuf>> {
    let step = progress.step(format!("{} (cargo, {triple})", names(guests)));
    let sh = process::shell(&project.root)?;
    process::run(&step, cargo_command(&sh, project, triple, guests)?)?;
    step.done("built");
    let folder = project.target.join(triple).join("release");
    let file = |cdylib: &Cdylib<'_>| folder.join(format!("{}.wasm", cdylib.file_stem));
    Ok(cdylibs(project, guests)?.iter().map(file).collect())
}

fn cdylibs<'p>(project: &'p Project, guests: &[&Guest]) -> anyhow::Result<Vec<Cdylib<'p>>> {
    guests.iter().map(|guest| project.cdylib(&guest.path)).collect()
}

fn cargo_command<'s>(
    sh: &'s Shell,
    project: &Project,
    triple: &str,
    guests: &[&Guest],
) -> anyhow::Result<Cmd<'s>> {
    let cargo = project::cargo();
    let cdylibs = cdylibs(project, guests)?;
    let packages = cdylibs.iter().flat_map(|cdylib| ["-p", cdylib.package]);
    let settings = wasm_linker::write_settings(project)?;
    Ok(cmd!(sh, "{cargo} build --release {packages...} --target {triple} --config {settings}"))
}

/// Builds targets of a CMake project, and returns the file of each.
fn build_cmake(
    project: &Project,
    progress: &Progress,
    path: &Path,
    guests: &[&Guest],
) -> anyhow::Result<Vec<PathBuf>> {
    let step = progress.step(format!("{} (cmake, Emscripten)", names(guests)));
    let emscripten = Emscripten::find(project)?;
    let emcmake = &emscripten.emcmake;
    let cmake = find::require(project, Tool::CMake)?;
    let sh = process::shell(&project.root)?;
    let folder = cmake_folder(project, path);
    let files = guests.iter().map(|guest| folder.join(format!("{}.wasm", guest.target)));
    let build = CmakeBuild {
        configure: cmd!(sh, "{emcmake} {cmake} -S {path} -B {folder}"),
        configuration: configuration(&emscripten, &project.root.join(path)),
        build: cmake_command(&sh, project, path, guests, &cmake),
        files: files.collect(),
        folder,
    };
    let files = build.run(&step)?;
    step.done("built");
    Ok(files)
}

/// A folder must be configured again for another Emscripten, or if the sources have moved.
fn configuration(emscripten: &Emscripten, source: &Path) -> Configuration {
    let emcmake = emscripten.emcmake.display().to_string();
    Configuration::new(&[&emcmake, &emscripten.version, &source.display().to_string()])
}

fn cmake_folder(project: &Project, path: &Path) -> PathBuf {
    project.cmake().join(cmake::folder_name(path))
}

fn cmake_command<'s>(
    sh: &'s Shell,
    project: &Project,
    path: &Path,
    guests: &[&Guest],
    cmake: &Path,
) -> Cmd<'s> {
    let targets: Vec<_> = guests.iter().map(|guest| guest.target.as_str()).collect();
    cmake::build_command(sh, cmake, &cmake_folder(project, path), &targets)
}

/// Returns the commands that [`build`] runs once every folder is configured.
pub(crate) fn commands(project: &Project, manifest: &Manifest) -> anyhow::Result<Vec<Command>> {
    let sh = process::shell(&project.root)?;
    let cmake = find::require(project, Tool::CMake)?;
    let command = |job: &Job<'_>| match job.builder {
        Builder::Cargo { triple } => cargo_command(&sh, project, triple, &job.guests),
        Builder::Cmake { project: path } => {
            Ok(cmake_command(&sh, project, path, &job.guests, &cmake))
        }
    };
    jobs(manifest, None).iter().map(|job| Ok(command(job)?.into())).collect()
}
