//! The demo of `guests.toml`: the guests that it links, its description in a file, and its run.

use std::process::Command;

use anyhow::{Context, anyhow, bail};
use linker::InputModule;
use serde::{Deserialize, Serialize};

use crate::build::manifest::{Guest, Manifest};
use crate::support::files;
use crate::support::process;
use crate::support::progress::print;
use crate::support::project::Project;

/// The content of `demo.toml`, which `host demo` reads: the options of a `host run`. Files are
/// relative to the folder of the guests.
#[derive(Debug, Serialize, Deserialize)]
struct Description {
    /// The files of modules to link.
    link: Vec<String>,
    /// Modules to preload, each as `NAME=FILE`.
    preload: Vec<String>,
    module: String,
    invoke: String,
    args: Vec<String>,
}

/// The guests that are linked with a guest.
struct Linked<'a> {
    /// Those that share its memory.
    link: Vec<&'a Guest>,
    /// Those that keep their own.
    preload: Vec<&'a Guest>,
}

impl<'a> Linked<'a> {
    fn with(guest: &Guest, inputs: &[(&'a Guest, InputModule)]) -> Self {
        let shares_memory = |guest: &Guest| {
            inputs.iter().any(|(other, input)| other.name == guest.name && input.shares_memory())
        };
        let dependencies = dependencies(guest, inputs).into_iter();
        let (link, preload) = dependencies.partition(|guest| shares_memory(guest));
        Linked { link, preload }
    }
}

/// Returns the content of `demo.toml`.
pub(crate) fn describe(
    manifest: &Manifest,
    inputs: &[(&Guest, InputModule)],
) -> anyhow::Result<String> {
    let demo = &manifest.demo;
    let guest = manifest.demo_guest().context("the demo's guest is not in guests.toml")?;
    let linked = Linked::with(guest, inputs);
    let preload = |guest: &&Guest| format!("{}={}.wasm", guest.module, guest.name);
    let description = Description {
        link: linked.link.iter().map(|guest| format!("{}.wasm", guest.name)).collect(),
        preload: linked.preload.iter().map(preload).collect(),
        module: format!("{}.wasm", guest.name),
        invoke: demo.export.clone(),
        args: demo.args.iter().map(ToString::to_string).collect(),
    };
    Ok(toml::to_string(&description)?)
}

/// Returns the guests from which `guest` imports, directly or indirectly, in the order in which
/// they are found.
///
/// Only imports that `guests.toml` lists count. Others are no reason to link two guests: C++
/// modules export their inline functions to everyone.
pub(crate) fn dependencies<'a>(
    guest: &Guest,
    inputs: &[(&'a Guest, InputModule)],
) -> Vec<&'a Guest> {
    let mut found: Vec<&Guest> = Vec::new();
    let mut next = 0;
    let mut importer = Some(guest);
    while let Some(current) = importer {
        for provider in providers(current, inputs) {
            let is_known = found.iter().any(|known| known.name == provider.name);
            if !is_known && provider.name != guest.name {
                found.push(provider);
            }
        }
        importer = found.get(next).copied();
        next += 1;
    }
    found
}

/// Returns the guest that exports each of the listed imports of `guest`.
fn providers<'a>(
    guest: &Guest,
    inputs: &[(&'a Guest, InputModule)],
) -> impl Iterator<Item = &'a Guest> {
    guest.contract.imports.iter().filter_map(|import| {
        let provider = inputs.iter().find(|(other, input)| {
            let exports = &other.contract.exports;
            input.linked_as == import.module && exports.iter().any(|e| e.name == import.name)
        });
        provider.map(|(provider, _)| *provider)
    })
}

/// Returns the command with which the host in Rust runs the demo.
pub(crate) fn rust_host(project: &Project) -> Command {
    let mut command = Command::new(project.host());
    command.arg("demo").arg(project.demo());
    command
}

/// Returns the command with which the host in Rust runs a guest with those that it imports from, as
/// far as its own arguments: `invoke` is the export to call, if it is no command.
pub(crate) fn rust_host_of(
    project: &Project,
    guest: &Guest,
    inputs: &[(&Guest, InputModule)],
    invoke: Option<&str>,
) -> Command {
    let linked = Linked::with(guest, inputs);
    let mut command = Command::new(project.host());
    command.arg("run");
    for guest in linked.link {
        command.arg("--link").arg(project.guest(&guest.name));
    }
    for guest in linked.preload {
        let file = project.guest(&guest.name);
        command.arg("--preload").arg(format!("{}={}", guest.module, file.display()));
    }
    if let Some(export) = invoke {
        command.arg("--invoke").arg(export);
    }
    command.arg(project.guest(&guest.name));
    command
}

/// Returns the command with which the host in C++ runs the demo.
///
/// # Errors
///
/// If the demo does not have the form that this host supports: a guest that imports from one other
/// guest, called with one integer.
pub(crate) fn cpp_host(project: &Project) -> anyhow::Result<Command> {
    let demo: Description = toml::from_str(&files::read_text(&project.demo())?)?;
    let preloads = demo.preload.iter().filter_map(|preload| preload.strip_prefix("env="));
    let providers: Vec<_> = demo.link.iter().map(String::as_str).chain(preloads).collect();
    let (&[provider], [argument]) = (providers.as_slice(), demo.args.as_slice()) else {
        bail!(
            "the host in C++ runs only a guest that imports from one other guest as `env`, and \
             passes it one argument; the demo in guests.toml is different: `cargo xtask run` \
             runs it"
        );
    };
    let mut command = Command::new(project.cpp_program("host-cpp"));
    command.args([provider, &demo.module, &demo.invoke, argument]).current_dir(project.guests());
    Ok(command)
}

/// Runs the demo with a host's command, and compares the result with the expected one.
pub(crate) fn run(command: Command, manifest: &Manifest) -> anyhow::Result<()> {
    let output = process::output(command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    print(&text)?;
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        bail!("the demo failed ({})", output.status);
    }
    check_result(&text, manifest)
}

/// Compares the last word that the demo printed with the expected result.
pub(crate) fn check_result(printed: &str, manifest: &Manifest) -> anyhow::Result<()> {
    let last = printed.lines().last().and_then(|line| line.rsplit_once(": "));
    let (_, result) = last.ok_or_else(|| anyhow!("the demo printed no result"))?;
    let demo = &manifest.demo;
    if result == demo.result.to_string() {
        return Ok(());
    }
    let args: Vec<_> = demo.args.iter().map(ToString::to_string).collect();
    bail!(
        "{}({}) returned {result}, but guests.toml expects {}",
        demo.export,
        args.join(", "),
        demo.result
    )
}
