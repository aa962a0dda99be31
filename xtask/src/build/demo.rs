//! `cargo xtask run`: the demo of `guests.toml`, run by the program `host` or by one in C++.

use std::fs;
use std::process::Command;

use anyhow::{Context, anyhow, bail};
use linker::InputModule;
use serde::{Deserialize, Serialize};

use crate::build::manifest::{Guest, Manifest};
use crate::support::process;
use crate::support::progress::print;
use crate::support::project::Project;

/// Returns the command with which the host in Rust runs the demo.
pub(crate) fn rust_host(project: &Project) -> Command {
    let mut command = Command::new(project.host());
    command.arg("demo").arg(project.demo());
    command
}

/// Returns the command with which the host in C++ runs the demo.
///
/// # Errors
///
/// When the demo has another shape than the one that this host knows: one guest that calls another,
/// with one integer.
pub(crate) fn cpp_host(project: &Project) -> anyhow::Result<Command> {
    let path = project.demo();
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let demo: Description = toml::from_str(&text)?;
    let preloads = demo.preload.iter().filter_map(|preload| preload.strip_prefix("env="));
    let providers: Vec<_> = demo.link.iter().map(String::as_str).chain(preloads).collect();
    let (&[provider], [argument]) = (providers.as_slice(), demo.args.as_slice()) else {
        bail!(
            "the host in C++ runs a guest that imports from one other as `env`, with one argument, \
             and the demo in guests.toml is none: `cargo xtask run` runs any"
        );
    };
    let mut command = Command::new(project.cpp_program("host-cpp"));
    command.args([provider, &demo.module, &demo.invoke, argument]).current_dir(project.guests());
    Ok(command)
}

/// What `host demo` runs: the options of a `host run`, as a file beside the guests.
#[derive(Debug, Serialize, Deserialize)]
struct Description {
    /// Files.
    link: Vec<String>,
    /// `NAME=FILE`.
    preload: Vec<String>,
    module: String,
    invoke: String,
    args: Vec<String>,
}

/// The text of `demo.toml`.
pub(crate) fn describe(
    manifest: &Manifest,
    inputs: &[(&Guest, InputModule)],
) -> anyhow::Result<String> {
    let demo = &manifest.demo;
    let guest = manifest.demo_guest().context("the demo's guest is not in guests.toml")?;
    let others = dependencies(guest, inputs);
    let shares_memory = |guest: &Guest| {
        inputs.iter().any(|(other, input)| other.name == guest.name && input.shares_memory())
    };
    let (link, preload): (Vec<&Guest>, Vec<_>) = others.iter().partition(|g| shares_memory(g));
    let description = Description {
        link: link.iter().map(|g| format!("{}.wasm", g.name)).collect(),
        preload: preload.iter().map(|g| format!("{}={}.wasm", g.module, g.name)).collect(),
        module: format!("{}.wasm", guest.name),
        invoke: demo.export.clone(),
        args: demo.args.iter().map(ToString::to_string).collect(),
    };
    Ok(toml::to_string(&description)?)
}

/// The guests from which `guest` is declared to import, directly or not, in the order in which they are
/// found. What is not declared is no reason to link: C++ modules export inline functions to everybody.
pub(crate) fn dependencies<'a>(
    guest: &Guest,
    inputs: &[(&'a Guest, InputModule)],
) -> Vec<&'a Guest> {
    let mut found: Vec<&Guest> = Vec::new();
    let mut at = 0;
    let mut importer = Some(guest);
    while let Some(current) = importer {
        for import in &current.contract.imports {
            let provider = inputs.iter().find(|(other, input)| {
                let exports = &other.contract.exports;
                input.linked_as == import.module && exports.iter().any(|e| e.name == import.name)
            });
            let Some((provider, _)) = provider else { continue };
            let known = found.iter().any(|known| known.name == provider.name);
            if !known && provider.name != guest.name {
                found.push(provider);
            }
        }
        importer = found.get(at).copied();
        at += 1;
    }
    found
}

/// Runs the demo by a host and compares its result with the expected one.
pub(crate) fn run(command: Command, manifest: &Manifest) -> anyhow::Result<()> {
    let output = process::output(command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    print(&text)?;
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
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
