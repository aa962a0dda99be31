//! Builds the guests: crates with cargo, C++ with CMake and Emscripten, in parallel.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, anyhow};
use xshell::{Cmd, Shell, cmd};

use crate::build::c_compiler::CCompiler;
use crate::build::compile_commands::{self, CompileCommand};
use crate::build::driver;
use crate::build::manifest::{self, Guest, GuestKind, GuestToolchain, Manifest};
use crate::build::sources::Stale;
use crate::support::files;
use crate::support::interrupt::Interrupted;
use crate::support::process;
use crate::support::progress::{Progress, Step};
use crate::support::project::{self, Cdylib, Project};
use crate::tools::cargo;
use crate::tools::cmake::{self, CmakeBuild};
use crate::tools::emscripten;
use crate::tools::find;
use crate::tools::tool::Tool;

/// A guest that was built and not yet published.
#[derive(Debug)]
pub(crate) struct BuiltGuest<'a> {
    pub(crate) guest: &'a Guest,
    pub(crate) bytes: Vec<u8>,
}

/// Builds the guests that are stale, and those that the same calls of tools build. `target` overrides
/// the target triple of the crates, except those that compile C or C++.
///
/// # Errors
///
/// The failures of every tool.
pub(crate) fn build<'a>(
    project: &Project,
    progress: &Progress,
    manifest: &'a Manifest,
    target: Option<&'a str>,
    stale: &Stale,
) -> anyhow::Result<Vec<BuiltGuest<'a>>> {
    let mut jobs = jobs(project, manifest, target)?;
    jobs.retain_mut(|job| job.retain(stale));
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
    if failures.is_empty() { Ok(built) } else { Err(combine(failures)) }
}

fn panicked<T>(_: Box<dyn Any + Send>) -> anyhow::Result<T> {
    Err(anyhow!("a build thread panicked; this is a bug in xtask"))
}

/// Combines the failures of several tools. A single one keeps its type.
pub(crate) fn combine(mut failures: Vec<anyhow::Error>) -> anyhow::Error {
    if failures.iter().any(|failure| failure.is::<Interrupted>()) {
        return Interrupted.into();
    }
    match failures.len() {
        1 => failures.remove(0),
        _ => {
            let texts: Vec<_> = failures.iter().map(|failure| format!("{failure:#}")).collect();
            anyhow!("{}", texts.join("\n\nerror: "))
        }
    }
}

/// Guests that one call of a tool builds.
struct Job<'a> {
    builder: Builder<'a>,
    guests: Vec<&'a Guest>,
}

impl Job<'_> {
    /// Leaves out what is not stale. Returns whether something is left.
    fn retain(&mut self, stale: &Stale) -> bool {
        let is_stale = |guest: &Guest| stale.includes(guest);
        match self.builder {
            // Each target is built in the same way with others and without.
            Builder::Cmake { .. } | Builder::Compiler { .. } => {
                self.guests.retain(|guest| is_stale(guest));
                !self.guests.is_empty()
            }
            // The features of common dependencies depend on which crates are built together.
            Builder::Cargo { .. } => self.guests.iter().any(|guest| is_stale(guest)),
        }
    }
}

/// The tool that builds guests, with what several guests may share. A build has one job for each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Builder<'a> {
    Cmake {
        project: &'a Path,
        toolchain: GuestToolchain,
    },
    Cargo {
        triple: &'a str,
    },
    /// The compiler alone, which builds one guest.
    Compiler {
        guest: &'a str,
        toolchain: GuestToolchain,
    },
}

fn jobs<'a>(
    project: &Project,
    manifest: &'a Manifest,
    target: Option<&'a str>,
) -> anyhow::Result<Vec<Job<'a>>> {
    let mut guests = BTreeMap::<_, Vec<_>>::new();
    for guest in &manifest.guests {
        let builder = match guest.kind {
            GuestKind::Cargo => Builder::Cargo { triple: triple(project, guest, target)? },
            GuestKind::Cmake => Builder::Cmake { project: &guest.path, toolchain: guest.toolchain },
            GuestKind::Sources => {
                Builder::Compiler { guest: &guest.name, toolchain: guest.toolchain }
            }
        };
        guests.entry(builder).or_default().push(guest);
    }
    Ok(guests.into_iter().map(|(builder, guests)| Job { builder, guests }).collect())
}

/// Returns the target triple of a crate. `wasm-cc` compiles for that in `guests.toml` only.
fn triple<'a>(
    project: &Project,
    guest: &'a Guest,
    target: Option<&'a str>,
) -> anyhow::Result<&'a str> {
    let Some(target) = target else { return Ok(&guest.target) };
    let package = project.cdylib(&guest.path)?.package;
    let stays = cargo::compiles_c(project, package, &guest.target)?;
    Ok(if stays { &guest.target } else { target })
}

fn build_job<'a>(
    project: &Project,
    progress: &Progress,
    job: &Job<'a>,
) -> anyhow::Result<Vec<BuiltGuest<'a>>> {
    let files = match job.builder {
        Builder::Cargo { triple } => build_crates(project, progress, triple, &job.guests)?,
        Builder::Cmake { project: path, toolchain } => {
            build_cmake(project, progress, path, toolchain, &job.guests)?
        }
        Builder::Compiler { toolchain, .. } => {
            build_sources(project, progress, toolchain, &job.guests)?
        }
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
    driver::build(project, progress)?;
    let step = progress.step(format!("{} (cargo, {triple})", names(guests)));
    let sh = emscripten::shell(project)?;
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
    let settings = driver::settings_file(project);
    Ok(cmd!(sh, "{cargo} build --release {packages...} --target {triple} --config {settings}"))
}

/// Builds targets of a CMake project, and returns the file of each.
fn build_cmake(
    project: &Project,
    progress: &Progress,
    path: &Path,
    toolchain: GuestToolchain,
    guests: &[&Guest],
) -> anyhow::Result<Vec<PathBuf>> {
    let compiler = CCompiler::find(project, toolchain)?;
    let step = progress.step(format!("{} (cmake, {})", names(guests), compiler.name()));
    let cmake = find::require(project, Tool::CMake)?;
    let sh = emscripten::shell(project)?;
    let folder = cmake_folder(project, path, toolchain);
    let files = guests.iter().map(|guest| folder.join(format!("{}.wasm", guest.target)));
    let build = CmakeBuild {
        configure: configure(&sh, project, &compiler, &cmake, path, &folder)?,
        configuration: compiler.configuration(&project.root.join(path)),
        build: cmake_command(&sh, project, path, toolchain, guests, &cmake),
        files: files.collect(),
        folder,
    };
    let files = build.run(&step)?;
    step.done("built");
    Ok(files)
}

/// Returns the command that configures the build folder of a CMake project.
fn configure<'s>(
    sh: &'s Shell,
    project: &Project,
    compiler: &CCompiler,
    cmake: &Path,
    path: &Path,
    folder: &Path,
) -> anyhow::Result<Cmd<'s>> {
    if let CCompiler::Emscripten(emscripten) = compiler {
        let emcmake = &emscripten.emcmake;
        return Ok(cmd!(sh, "{emcmake} {cmake} -S {path} -B {folder}"));
    }
    let toolchain = project.cmake().join(format!("toolchain-{}", compiler.name()));
    let file = compiler.write_cmake_toolchain(&toolchain)?;
    let file = file.map(|file| format!("-DCMAKE_TOOLCHAIN_FILE={}", file.display()));
    let release = "-DCMAKE_BUILD_TYPE=Release";
    Ok(cmd!(sh, "{cmake} -S {path} -B {folder} {release} {file...}"))
}

/// Compiles the source files of a guest and links them, and returns the module. There is one guest.
fn build_sources(
    project: &Project,
    progress: &Progress,
    toolchain: GuestToolchain,
    guests: &[&Guest],
) -> anyhow::Result<Vec<PathBuf>> {
    let compiler = CCompiler::find(project, toolchain)?;
    let step = progress.step(format!("{} ({})", names(guests), compiler.name()));
    let sh = emscripten::shell(project)?;
    let build = |guest: &&Guest| build_guest(&sh, project, &step, &compiler, guest);
    let files = guests.iter().map(build).collect::<anyhow::Result<_>>()?;
    step.done("built");
    Ok(files)
}

/// Compiles each source file of a guest and links the objects, and returns the module.
fn build_guest(
    sh: &Shell,
    project: &Project,
    step: &Step<'_>,
    compiler: &CCompiler,
    guest: &Guest,
) -> anyhow::Result<PathBuf> {
    let folder = project.sources().join(&guest.name);
    files::create_folder(&folder)?;
    let (mut objects, mut commands) = (Vec::new(), Vec::new());
    for (index, source) in guest.sources.iter().enumerate() {
        let object = folder.join(format!("{index}.o"));
        let command = compiler.compile(sh, manifest::is_cpp(source), &guest.flags);
        let source = guest.path.join(source);
        let command = command.arg(&source).arg("-o").arg(&object);
        commands.push(CompileCommand::new(&project.root, &source, &command));
        process::run(step, command)?;
        objects.push(object);
    }
    compile_commands::record(&folder, &commands)?;
    let module = folder.join(format!("{}.wasm", guest.name));
    let command = compiler.link(sh, guest.has_cpp(), &guest.flags)?;
    process::run(step, command.args(objects).arg("-o").arg(&module))?;
    Ok(module)
}

fn cmake_folder(project: &Project, path: &Path, toolchain: GuestToolchain) -> PathBuf {
    let mut name = cmake::folder_name(path);
    match toolchain {
        GuestToolchain::Emscripten => {}
        GuestToolchain::WasiSdk => name += "@wasi-sdk",
        GuestToolchain::Zig => name += "@zig",
    }
    project.cmake().join(name)
}

fn cmake_command<'s>(
    sh: &'s Shell,
    project: &Project,
    path: &Path,
    toolchain: GuestToolchain,
    guests: &[&Guest],
    cmake: &Path,
) -> Cmd<'s> {
    let targets: Vec<_> = guests.iter().map(|guest| guest.target.as_str()).collect();
    cmake::build_command(sh, cmake, &cmake_folder(project, path, toolchain), &targets)
}

/// Returns the commands that [`build`] runs once every folder is configured.
pub(crate) fn commands(project: &Project, manifest: &Manifest) -> anyhow::Result<Vec<Command>> {
    let sh = process::shell(&project.root)?;
    let cmake = find::require(project, Tool::CMake)?;
    let command = |job: &Job<'_>| match job.builder {
        Builder::Cargo { triple } => Some(cargo_command(&sh, project, triple, &job.guests)),
        Builder::Cmake { project: path, toolchain } => {
            Some(Ok(cmake_command(&sh, project, path, toolchain, &job.guests, &cmake)))
        }
        // They are compiled each time.
        Builder::Compiler { .. } => None,
    };
    jobs(project, manifest, None)?
        .iter()
        .filter_map(command)
        .map(|command| Ok(command?.into()))
        .collect()
}
