//! `cargo xtask clean`: removes what was built from this workspace, and nothing else.

use std::process::Command;

use anyhow::{Context, bail};

use crate::build::compile_commands;
use crate::build::driver;
use crate::build::manifest::{GuestKind, Manifest};
use crate::flags;
use crate::support::child;
use crate::support::files;
use crate::support::progress::print;
use crate::support::project::{self, Project};

/// Compiled dependencies stay: they are not part of this workspace, and Wasmtime takes minutes to
/// compile.
pub(crate) fn run(project: &Project) -> anyhow::Result<()> {
    let kept_by_tests = project.target.join("tests");
    let sysroot = project.target.join("sysroot");
    let folders = [project.guests(), project.cmake(), project.sources(), project.bindings()];
    let files = [driver::settings_file(project), compile_commands::file(project)];
    for path in folders.into_iter().chain([sysroot, kept_by_tests]).chain(files) {
        if files::remove(&path)? {
            print(&format!("removed {}\n", path.display()))?;
        }
    }
    // This program is running, and Windows does not remove a running program.
    let crates: Vec<_> = project.crates().filter(|name| *name != "xtask").collect();
    cargo_clean(project, &crates, &["--release"])?;
    for triple in triples(project)? {
        cargo_clean(project, &crates, &["--release", "--target", &triple])?;
    }
    let target = project.target.display();
    print(&format!("compiled dependencies stay in {target}; `cargo clean` removes them\n"))
}

/// Returns the target triples for which crates may have been built.
fn triples(project: &Project) -> anyhow::Result<Vec<String>> {
    let manifest = Manifest::read(&project.manifest())?;
    let crates = manifest.guests.into_iter().filter(|guest| guest.kind == GuestKind::Cargo);
    let mut triples: Vec<_> = crates.map(|guest| guest.target).collect();
    triples.extend(flags::TARGETS.map(str::to_owned));
    triples.sort();
    triples.dedup();
    triples.retain(|triple| project.target.join(triple).is_dir());
    Ok(triples)
}

fn cargo_clean(project: &Project, crates: &[&str], args: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(project::cargo());
    command.current_dir(&project.root).args(["clean", "--quiet"]).args(args);
    for name in crates {
        command.args(["-p", name]);
    }
    let status = command
        .status()
        .map_err(|e| child::cannot_start(&command, &e))
        .context("cannot remove what cargo built")?;
    if !status.success() {
        bail!("`cargo clean` failed ({status})");
    }
    Ok(())
}
