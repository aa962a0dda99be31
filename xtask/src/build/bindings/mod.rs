//! The files that the build writes to source folders: a C header from a crate (`header` in
//! `guests.toml`), and declarations in Rust from a C header (`bindings`).
//!
//! They are checked in, and replaced only if their content changes. So nothing is compiled again
//! without need, and a machine without libclang uses them as they are.

mod generator;
mod output;

use std::path::PathBuf;

use anyhow::bail;

use crate::build::manifest::Manifest;
use crate::support::files;
use crate::support::progress::Progress;
use crate::support::project::Project;
use generator::Generator;
pub(crate) use generator::{Libclang, libclang};
use output::{Content, Output, slashes};

/// Writes the files that are out of date: headers first, because a C header may include them. Adds
/// the paths of those that were not the same before to `written`.
///
/// # Errors
///
/// The first file that cannot be written.
pub(crate) fn write(
    project: &Project,
    progress: &Progress,
    manifest: &Manifest,
    written: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    let stale = stale(project, manifest)?;
    if stale.is_empty() {
        return Ok(());
    }
    let step = progress.step("bindings");
    let generator = Generator::build(project, &step)?;
    for output in &stale {
        let Some(generated) = generator.generate(&step, output)? else {
            progress.line(output.without_libclang(project)?);
            continue;
        };
        let file = project.root.join(&output.file);
        if !files::has_text(&file, &generated.text) {
            files::replace(&file, generated.text.as_bytes())?;
            written.push(output.file.clone());
        }
        files::write(&output.record(project), output.fingerprint(project, generated.inputs)?)?;
    }
    let names: Vec<_> = written.iter().map(|file| slashes(file)).collect();
    match names.as_slice() {
        [] => step.done("up to date"),
        names => step.done(format_args!("wrote {}", names.join(", "))),
    }
    Ok(())
}

/// Checks that the files are up to date, and changes none. Files that need libclang are not checked
/// without it.
///
/// # Errors
///
/// Every file that is out of date.
pub(crate) fn check(
    project: &Project,
    progress: &Progress,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let stale = stale(project, manifest)?;
    if stale.is_empty() {
        return Ok(());
    }
    let step = progress.step("bindings");
    let generator = Generator::build(project, &step)?;
    let mut faults = Vec::new();
    for output in &stale {
        if let Some(generated) = generator.generate(&step, output)?
            && !files::has_text(&project.root.join(&output.file), &generated.text)
        {
            faults.push(format!(
                "`{}` is out of date: `cargo xtask build-all` writes it from {}",
                slashes(&output.file),
                output.origin()
            ));
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    step.done("up to date");
    Ok(())
}

/// Returns the files that may be out of date, headers first.
fn stale<'a>(project: &Project, manifest: &'a Manifest) -> anyhow::Result<Vec<Output<'a>>> {
    let headers = manifest.guests.iter().filter_map(|guest| {
        let file = guest.header.clone()?;
        Some(Output { guest, content: Content::Header, file })
    });
    let declarations = manifest.guests.iter().filter_map(|guest| {
        let content = Content::Declarations(guest.bindings.as_deref()?);
        Some(Output { guest, content, file: guest.declarations() })
    });
    let mut stale = Vec::new();
    for output in headers.chain(declarations) {
        if !output.is_current(project)? {
            stale.push(output);
        }
    }
    Ok(stale)
}
