//! `cargo xtask run`: the demo of `guests.toml`, run by the program `host`.

use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, bail};
use linker::Module;
use serde::Serialize;

use crate::build_all;
use crate::manifest::{Guest, Manifest};
use crate::process;
use crate::progress::Progress;
use crate::project::Project;

pub(crate) fn run(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let manifest = Manifest::read(&project.manifest())?;
    build_all::build_guests(project, progress, &manifest, None)?;
    build_all::build_host(project, progress)?;
    demo(project, &manifest)
}

/// What `host demo` runs: its options, as a file beside the guests.
#[derive(Debug, Serialize)]
struct Description {
    /// `NAME=FILE`, each before those that import from it.
    preload: Vec<String>,
    module: String,
    invoke: String,
    args: Vec<String>,
}

/// The text of `demo.toml`.
pub(crate) fn describe(
    manifest: &Manifest,
    modules: &[(&Guest, Module)],
) -> anyhow::Result<String> {
    let demo = &manifest.demo;
    let guest = manifest.demo_guest().context("the demo's guest is not in guests.toml")?;
    let mut order = Vec::new();
    dependencies(guest, modules, &mut order);
    let description = Description {
        preload: order.iter().map(|g| format!("{}={}.wasm", g.module, g.name)).collect(),
        module: format!("{}.wasm", guest.name),
        invoke: demo.export.clone(),
        args: demo.args.iter().map(ToString::to_string).collect(),
    };
    Ok(toml::to_string(&description)?)
}

/// Lists the guests that `guest` imports from, directly or not, each after its own dependencies.
fn dependencies<'a>(guest: &Guest, modules: &[(&'a Guest, Module)], order: &mut Vec<&'a Guest>) {
    let imports =
        modules.iter().filter(|(g, _)| g.name == guest.name).flat_map(|(_, m)| &m.imports);
    for import in imports {
        let provider = modules.iter().find(|(g, _)| g.module == import.module);
        let Some((provider, _)) = provider.filter(|(g, _)| g.name != guest.name) else { continue };
        if !order.iter().any(|known| known.name == provider.name) {
            dependencies(provider, modules, order);
            order.push(provider);
        }
    }
}

/// Runs the demo and compares its result with the expected one.
pub(crate) fn demo(project: &Project, manifest: &Manifest) -> anyhow::Result<()> {
    let mut command = Command::new(project.host());
    command.arg("demo").arg(project.demo()).stderr(Stdio::inherit());
    let output = command.output().map_err(|e| process::cannot_start(&command, &e))?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    if !output.status.success() {
        bail!("the demo failed ({})", output.status);
    }
    let last = text.lines().last().and_then(|line| line.rsplit_once(": "));
    let (_, result) = last.ok_or_else(|| anyhow!("the demo printed no result"))?;
    let demo = &manifest.demo;
    if result != demo.result.to_string() {
        let args = demo.args.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (export, expected) = (&demo.export, demo.result);
        bail!("{export}({args}) returned {result}, but guests.toml expects {expected}");
    }
    Ok(())
}
