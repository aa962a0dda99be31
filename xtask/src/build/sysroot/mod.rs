//! The system libraries that guests share: `libc.wasm`, `libiconv.wasm`, `libdl.wasm`, and a libc++
//! for each way to compile C++ exceptions. Where Zig is installed, also those of programs for
//! wasi-libc ([`wasi`]).
//!
//! The former are Emscripten's libraries as shared libraries. They need only WASI; `libdl.wasm`, which
//! opens libraries while a program runs, also needs `host`.
//!
//! Emscripten's archives contain position-independent code, but they leave many functions to
//! JavaScript. Those functions come from `xtask/sysroot`, and from parts of musl that Emscripten
//! includes only as sources.

mod check;
mod contents;
mod link;
mod optimize;
mod recipe;
mod relocations;
mod sdk;
mod wasi;

use std::path::{Path, PathBuf};

use crate::support::files;
use crate::support::lock::BuildLock;
use crate::support::progress::{Progress, Step};
use crate::support::project::Project;
use crate::tools::emscripten::Emscripten;
use crate::tools::zig::Zig;
pub(crate) use contents::{COMPILER_RT, LIBC_ARCHIVES, LIBCXX, MALLOC};
use link::LibraryLinker;
use recipe::Recipe;
use sdk::Sdk;
use wasi::WasiRecipe;

/// The text of everything that determines how the libraries are built. If it changes, they are
/// built again.
const RECIPE: &str = concat!(
    include_str!("check.rs"),
    include_str!("contents.rs"),
    include_str!("link.rs"),
    include_str!("recipe.rs"),
    include_str!("relocations.rs"),
    include_str!("sdk.rs"),
);

/// Builds the libraries and publishes them, unless the published ones were built from the same
/// inputs. Those for wasi-libc are built only where Zig is installed.
///
/// # Errors
///
/// If a tool is missing or fails, or if this version of Emscripten leaves functions to JavaScript
/// that `xtask/sysroot` lacks.
pub(crate) fn build(
    project: &Project,
    progress: &Progress,
    lock: &BuildLock,
) -> anyhow::Result<()> {
    let emscripten = Emscripten::find(project)?;
    build_emscripten(project, progress, lock, &emscripten)?;
    match Zig::find(project) {
        Some(zig) => build_wasi(project, progress, lock, &emscripten, &zig),
        None => Ok(()),
    }
}

fn build_emscripten(
    project: &Project,
    progress: &Progress,
    lock: &BuildLock,
    emscripten: &Emscripten,
) -> anyhow::Result<()> {
    let flavour = Flavour {
        folder: folder(project),
        inputs: inputs(project, emscripten)?,
        libraries: contents::libraries().collect(),
        name: "libc, libc++ (Emscripten)",
        sdk: Sdk { name: "Emscripten", version: &emscripten.version },
    };
    flavour.build(project, progress, lock, |step, folder| {
        Recipe::new(emscripten, step, folder, sources(project))?.build()?;
        check::check(folder, &emscripten.version)
    })
}

fn build_wasi(
    project: &Project,
    progress: &Progress,
    lock: &BuildLock,
    emscripten: &Emscripten,
    zig: &Zig,
) -> anyhow::Result<()> {
    let flavour = Flavour {
        folder: project.target.join("sysroot-wasi"),
        inputs: wasi_inputs(project, emscripten, zig)?,
        libraries: contents::wasi_libraries().collect(),
        name: "libc, libc++ (Zig, for wasi-libc)",
        sdk: Sdk { name: "Zig", version: &zig.version },
    };
    flavour.build(project, progress, lock, |step, folder| {
        let linker = LibraryLinker::new(step, folder, emscripten)?;
        WasiRecipe { zig, linker, sources: sources(project) }.build()?;
        check::check_wasi(folder, &zig.version)
    })
}

/// The libraries that one toolchain builds.
struct Flavour<'a> {
    /// The folder in which they are built.
    folder: PathBuf,
    /// Everything that they are built from, as text.
    inputs: String,
    /// Their file names.
    libraries: Vec<&'static str>,
    /// The name of the step, for the user.
    name: &'static str,
    sdk: Sdk<'a>,
}

impl Flavour<'_> {
    /// Builds and publishes the libraries, unless they are up to date. `recipe` builds them in an
    /// empty folder, and checks them.
    fn build(
        &self,
        project: &Project,
        progress: &Progress,
        lock: &BuildLock,
        recipe: impl FnOnce(&Step<'_>, &Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let stamp = self.folder.join("built-from.txt");
        let published = |library: &&str| project.sysroot().join(library).is_file();
        if files::has_text(&stamp, &self.inputs) && self.libraries.iter().all(published) {
            return Ok(());
        }
        let step = progress.step(self.name);
        files::remove(&self.folder)?;
        files::create_folder(&self.folder)?;
        recipe(&step, &self.folder)?;
        files::create_folder(&project.sysroot())?;
        for library in &self.libraries {
            let bytes = files::read(&self.folder.join(library))?;
            lock.publish(&project.sysroot().join(library), &self.sdk.record(&bytes)?)?;
        }
        files::write(&stamp, &self.inputs)?;
        step.done("built");
        Ok(())
    }
}

/// Returns the objects that [`build`] has compiled for programs in which nothing catches
/// exceptions.
pub(crate) fn compiled_objects(project: &Project) -> Vec<PathBuf> {
    recipe::compiled_objects(&folder(project))
}

/// Returns the folder in which the libraries are built.
fn folder(project: &Project) -> PathBuf {
    project.target.join("sysroot")
}

/// Returns the folder of our sources.
fn sources(project: &Project) -> PathBuf {
    project.root.join("xtask").join("sysroot")
}

/// Returns everything that Emscripten's libraries are built from, as text.
fn inputs(project: &Project, emscripten: &Emscripten) -> anyhow::Result<String> {
    let mut text = format!("{}\n{}\n", emscripten.emcmake.display(), emscripten.version);
    text += RECIPE;
    text += optimize::RECIPE;
    for source in contents::sources() {
        text += &files::read_text(&sources(project).join(source))?;
    }
    Ok(text)
}

/// Returns everything that the libraries for wasi-libc are built from, as text.
fn wasi_inputs(project: &Project, emscripten: &Emscripten, zig: &Zig) -> anyhow::Result<String> {
    let mut text = format!("{}\n{}\n", zig.program.display(), zig.version);
    text += &format!("{}\n", emscripten.version);
    text += RECIPE;
    text += optimize::RECIPE;
    text += wasi::RECIPE;
    for source in contents::wasi_sources() {
        text += &files::read_text(&sources(project).join(source))?;
    }
    Ok(text)
}
