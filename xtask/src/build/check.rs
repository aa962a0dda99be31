//! `cargo xtask check`: do the guests have the signatures of `guests.toml`, and do they fit?

use anyhow::{anyhow, bail};
use linker::{Fault, Faults, InputModule, LibrarySource, Plan, Set};

use crate::build::demo;
use crate::build::guests::Built;
use crate::build::manifest::Guest;
use crate::support::project::Project;

/// Validates every guest, compares it with its contract, and links it with those it imports from.
///
/// # Errors
///
/// Every mismatch.
pub(crate) fn check<'a>(
    project: &Project,
    built: &[Built<'a>],
) -> anyhow::Result<Vec<(&'a Guest, InputModule)>> {
    let inputs = load(built)?;
    let mut faults = Faults::default();
    for (guest, input) in &inputs {
        faults.collect(guest.contract.check(&input.module));
        faults.collect(link(project, guest, &inputs));
    }
    faults.into_result().map_err(|faults| anyhow!("the guests do not fit\n{faults}"))?;
    Ok(inputs)
}

/// Plans the program that a guest would be, with the guests that it imports from.
fn link(project: &Project, guest: &Guest, inputs: &[(&Guest, InputModule)]) -> Result<(), Faults> {
    let find = |name: &str| inputs.iter().find(|(other, _)| other.name == name);
    let Some((_, program)) = find(&guest.name) else { return Ok(()) };
    let others = demo::dependencies(guest, inputs);
    let others = others.iter().filter_map(|other| find(&other.name)).map(|(_, o)| o.clone());
    let set = Set::gather(program.clone(), others.collect(), &mut Sysroot(project))?;
    Plan::new(set).map(drop)
}

/// The system libraries that were built.
struct Sysroot<'a>(&'a Project);

impl Sysroot<'_> {
    fn load(&self, name: &str) -> Result<InputModule, String> {
        let path = self.0.sysroot().join(name);
        let bytes = std::fs::read(&path).map_err(|e| format!("`{}`: {e}", path.display()))?;
        InputModule::load(name.trim_end_matches(".wasm"), bytes).map_err(|e| e.to_string())
    }
}

impl LibrarySource for Sysroot<'_> {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        let file = self.0.sysroot().join(linker::system_library(name).unwrap_or(name));
        Err(Fault::LibraryNotFound {
            by: by.module.name.clone(),
            name: name.to_owned(),
            tried: vec![file.display().to_string()],
        })
    }

    fn system(&mut self, file: &str) -> Option<InputModule> {
        self.load(file).ok()
    }
}

fn load<'a>(built: &[Built<'a>]) -> anyhow::Result<Vec<(&'a Guest, InputModule)>> {
    let mut inputs = Vec::new();
    let mut errors = Vec::new();
    for Built { guest, bytes } in built {
        match load_one(guest, bytes) {
            Ok(input) => inputs.push((*guest, input)),
            Err(error) => errors.push(error.to_string()),
        }
    }
    if errors.is_empty() { Ok(inputs) } else { bail!("{}", errors.join("\n")) }
}

/// Modules that share memory find each other under `env`; any other has a module name of its own.
fn load_one(guest: &Guest, bytes: &[u8]) -> Result<InputModule, linker::LoadError> {
    linker::validate(&guest.name, bytes)?;
    let input = InputModule::load(&guest.name, bytes)?;
    match input.shares_memory() {
        true => Ok(input),
        false => Ok(input.preloaded_as(&guest.module)),
    }
}
