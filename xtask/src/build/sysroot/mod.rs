//! The system libraries that guests share: `libc.wasm`, `libiconv.wasm`, `libdl.wasm`, and a libc++
//! for each way to compile C++ exceptions.
//!
//! They are Emscripten's libraries as shared libraries. They need only WASI; `libdl.wasm`, which
//! opens libraries while a program runs, also needs `host`.
//!
//! Emscripten's archives contain position-independent code, but they leave many functions to
//! JavaScript. Those functions come from `xtask/sysroot`, and from parts of musl that Emscripten
//! includes only as sources.

mod check;
mod contents;
mod optimize;
mod recipe;
mod relocations;

use std::path::PathBuf;

use crate::support::files;
use crate::support::lock::BuildLock;
use crate::support::progress::Progress;
use crate::support::project::Project;
use crate::tools::emscripten::Emscripten;
pub(crate) use contents::{COMPILER_RT, LIBC_ARCHIVES, LIBCXX, MALLOC};
use recipe::Recipe;

/// The text of everything that determines how the libraries are built. If it changes, they are
/// built again.
const RECIPE: &str = concat!(
    include_str!("check.rs"),
    include_str!("contents.rs"),
    include_str!("recipe.rs"),
    include_str!("relocations.rs"),
);

/// Builds the libraries and publishes them, unless the published ones were built from the same
/// inputs.
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
    let folder = folder(project);
    let stamp = folder.join("built-from.txt");
    let inputs = inputs(project, &emscripten)?;
    if files::has_text(&stamp, &inputs) && are_published(project) {
        return Ok(());
    }
    let step = progress.step("libc, libc++ (Emscripten)");
    files::remove(&folder)?;
    files::create_folder(&folder)?;
    Recipe::new(&emscripten, &step, &folder, sources(project))?.build()?;
    check::check(&folder, &emscripten.version)?;
    files::create_folder(&project.sysroot())?;
    for library in contents::libraries() {
        lock.publish(&project.sysroot().join(library), &files::read(&folder.join(library))?)?;
    }
    files::write(&stamp, &inputs)?;
    step.done("built");
    Ok(())
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

fn are_published(project: &Project) -> bool {
    contents::libraries().all(|library| project.sysroot().join(library).is_file())
}

/// Returns everything that the libraries are built from, as text.
fn inputs(project: &Project, emscripten: &Emscripten) -> anyhow::Result<String> {
    let mut text = format!("{}\n{}\n", emscripten.emcmake.display(), emscripten.version);
    text += RECIPE;
    text += optimize::RECIPE;
    for source in contents::sources() {
        text += &files::read_text(&sources(project).join(source))?;
    }
    Ok(text)
}
