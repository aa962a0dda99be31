//! `cargo xtask check`: do the guests have the signatures of `guests.toml`, and do they fit?

use std::fmt::Display;

use anyhow::{anyhow, bail};
use linker::{Faults, Module, Provider};

use crate::guests::Built;
use crate::manifest::{Guest, Manifest};
use crate::project::Project;

pub(crate) fn run(project: &Project) -> anyhow::Result<()> {
    let manifest = Manifest::read(&project.manifest())?;
    let mut built = Vec::new();
    let mut absent = Vec::new();
    for guest in &manifest.guests {
        let path = project.guest(&guest.name);
        match std::fs::read(&path) {
            Ok(bytes) => built.push(Built { guest, bytes }),
            Err(error) => absent.push(format!("cannot read `{}`: {error}", path.display())),
        }
    }
    if !absent.is_empty() {
        bail!("{}\nbuild them with `cargo xtask build-all`", absent.join("\n"));
    }
    for (guest, module) in check(&built)? {
        println!("✔ {}: {}, linked as `{}`", guest.name, module.kind, guest.module);
    }
    Ok(())
}

/// Validates every guest, compares it with its contract, and looks up its imports among the others.
///
/// # Errors
///
/// Every mismatch.
pub(crate) fn check<'a>(built: &[Built<'a>]) -> anyhow::Result<Vec<(&'a Guest, Module)>> {
    let modules = load(built)?;
    let providers: Vec<_> = modules
        .iter()
        .map(|(guest, module)| Provider::module(&guest.module, module))
        .chain([Provider::wasi()])
        .collect();
    let mut faults = Faults::default();
    for (guest, module) in &modules {
        faults.collect(guest.contract.check(module));
        faults.collect(linker::fit(module, &providers));
    }
    faults.into_result().map_err(|faults| anyhow!("the guests do not fit\n{faults}"))?;
    Ok(modules)
}

fn load<'a>(built: &[Built<'a>]) -> anyhow::Result<Vec<(&'a Guest, Module)>> {
    let mut modules = Vec::new();
    let mut errors = Vec::new();
    for Built { guest, bytes } in built {
        match load_one(&guest.name, bytes) {
            Ok(module) => modules.push((*guest, module)),
            Err(error) => errors.push(error.to_string()),
        }
    }
    if errors.is_empty() { Ok(modules) } else { bail!("{}", lines(&errors)) }
}

fn load_one(name: &str, bytes: &[u8]) -> Result<Module, linker::LoadError> {
    linker::validate(name, bytes)?;
    Module::load(name, bytes)
}

fn lines(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
