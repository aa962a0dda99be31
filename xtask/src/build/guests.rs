//! Builds the guests: crates by cargo, C++ by CMake under Emscripten, side by side.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, anyhow};
use xshell::{Cmd, Shell, cmd};

use crate::build::manifest::{Guest, Kind, Manifest};
use crate::build::wasm_linker;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::{self, Project};
use crate::tools::cmake::{self, Configuration};
use crate::tools::tool::{Emscripten, Tool};

/// A guest that was built: still where its tool put it, not yet in `target/guests`.
#[derive(Debug)]
pub(crate) struct Built<'a> {
    pub(crate) guest: &'a Guest,
    pub(crate) bytes: Vec<u8>,
}

/// Builds what is stale; `target` overrides the target triple of the crates.
///
/// # Errors
///
/// The failures of all tools together.
pub(crate) fn build<'a>(
    project: &Project,
    progress: &Progress,
    manifest: &'a Manifest,
    target: Option<&'a str>,
) -> anyhow::Result<Vec<Built<'a>>> {
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
    built.sort_by(|a: &Built<'_>, b| a.guest.name.cmp(&b.guest.name));
    join(failures).map(|()| built)
}

fn panicked<T>(_: Box<dyn std::any::Any + Send>) -> anyhow::Result<T> {
    Err(anyhow!("a build thread panicked; this is a bug in xtask"))
}

/// One failure stays as it is, with its type; several become a list.
fn join(mut failures: Vec<anyhow::Error>) -> anyhow::Result<()> {
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        _ if failures.iter().any(|f| f.is::<crate::support::interrupt::Interrupted>()) => {
            Err(crate::support::interrupt::Interrupted.into())
        }
        _ => {
            let texts: Vec<_> = failures.iter().map(|f| format!("{f:#}")).collect();
            Err(anyhow!("{}", texts.join("\n\nerror: ")))
        }
    }
}

/// Guests that one call of a tool builds.
struct Job<'a> {
    kind: Kind,
    /// The target triple of crates, empty for CMake.
    triple: &'a str,
    /// The CMake project, empty for crates.
    path: &'a Path,
    guests: Vec<&'a Guest>,
}

/// One job a target triple and one a CMake project.
fn jobs<'a>(manifest: &'a Manifest, target: Option<&'a str>) -> Vec<Job<'a>> {
    let mut jobs = BTreeMap::<_, Job<'_>>::new();
    for guest in &manifest.guests {
        let (triple, path) = match guest.kind {
            Kind::Cargo => (target.unwrap_or(&guest.target), Path::new("")),
            Kind::Cmake => ("", guest.path.as_path()),
        };
        jobs.entry((triple, path))
            .or_insert_with(|| Job { kind: guest.kind, triple, path, guests: Vec::new() })
            .guests
            .push(guest);
    }
    jobs.into_values().collect()
}

fn build_job<'a>(
    project: &Project,
    progress: &Progress,
    job: &Job<'a>,
) -> anyhow::Result<Vec<Built<'a>>> {
    let files = match job.kind {
        Kind::Cargo => build_crates(project, progress, job)?,
        Kind::Cmake => build_cmake(project, progress, job)?,
    };
    job.guests.iter().zip(files).map(|(guest, file)| read_built(guest, &file)).collect()
}

fn read_built<'a>(guest: &'a Guest, file: &Path) -> anyhow::Result<Built<'a>> {
    let bytes = fs::read(file).with_context(|| {
        format!("`{}` was built, but there is no `{}`", guest.name, file.display())
    })?;
    Ok(Built { guest, bytes })
}

fn names(job: &Job<'_>) -> String {
    job.guests.iter().map(|guest| guest.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn build_crates(
    project: &Project,
    progress: &Progress,
    job: &Job<'_>,
) -> anyhow::Result<Vec<PathBuf>> {
    let step = progress.step(format!("{} (cargo, {})", names(job), job.triple));
    let sh = shell(project)?;
    process::run(&step, cargo_command(&sh, project, job)?)?;
    step.done("built");
    let folder = project.target.join(job.triple).join("release");
    Ok(crates(project, job)?.iter().map(|(_, stem)| folder.join(format!("{stem}.wasm"))).collect())
}

/// The names of a job's crates, and the stems of their cdylibs.
fn crates<'p>(project: &'p Project, job: &Job<'_>) -> anyhow::Result<Vec<(&'p str, &'p str)>> {
    job.guests.iter().map(|guest| project.cdylib(&guest.path)).collect()
}

fn cargo_command<'s>(sh: &'s Shell, project: &Project, job: &Job<'_>) -> anyhow::Result<Cmd<'s>> {
    let (cargo, triple) = (project::cargo(), job.triple);
    let packages = crates(project, job)?.into_iter().flat_map(|(package, _)| ["-p", package]);
    let settings = wasm_linker::settings(project)?;
    Ok(cmd!(sh, "{cargo} build --release {packages...} --target {triple} --config {settings}"))
}

fn build_cmake(
    project: &Project,
    progress: &Progress,
    job: &Job<'_>,
) -> anyhow::Result<Vec<PathBuf>> {
    let step = progress.step(format!("{} (cmake, Emscripten)", names(job)));
    let emscripten = Emscripten::find(project)?;
    let cmake = Tool::CMake.require(project)?;
    let sh = shell(project)?;
    let folder = cmake_folder(project, job);
    let (emcmake, source) = (&emscripten.emcmake, job.path);
    let files = job.guests.iter().map(|guest| folder.join(format!("{}.wasm", guest.target)));
    let build = cmake::Build {
        configure: cmd!(sh, "{emcmake} {cmake} -S {source} -B {folder}"),
        configuration: configuration(&emscripten, &project.root.join(source)),
        build: cmake_command(&sh, project, job, &cmake),
        files: files.collect(),
        folder,
    };
    let files = build.run(&step)?;
    step.done("built");
    Ok(files)
}

/// A folder that another Emscripten has configured, or for another place, is made anew.
fn configuration(emscripten: &Emscripten, source: &Path) -> Configuration {
    let (emcmake, source) = (emscripten.emcmake.display(), source.display());
    Configuration::new(&[&emcmake.to_string(), &emscripten.version, &source.to_string()])
}

fn cmake_folder(project: &Project, job: &Job<'_>) -> PathBuf {
    project.cmake().join(cmake::folder_name(job.path))
}

fn cmake_command<'s>(sh: &'s Shell, project: &Project, job: &Job<'_>, cmake: &Path) -> Cmd<'s> {
    let targets: Vec<_> = job.guests.iter().map(|guest| guest.target.as_str()).collect();
    cmake::build_command(sh, cmake, &cmake_folder(project, job), &targets)
}

/// The commands that [`build`] runs when all is configured.
pub(crate) fn commands(project: &Project, manifest: &Manifest) -> anyhow::Result<Vec<Command>> {
    let sh = shell(project)?;
    let command = |job: &Job<'_>| match job.kind {
        Kind::Cargo => cargo_command(&sh, project, job),
        Kind::Cmake => Ok(cmake_command(&sh, project, job, &Tool::CMake.require(project)?)),
    };
    jobs(manifest, None).iter().map(|job| Ok(command(job)?.into())).collect()
}

fn shell(project: &Project) -> anyhow::Result<Shell> {
    let sh = Shell::new().context("cannot read the current folder")?;
    sh.change_dir(&project.root);
    Ok(sh)
}
