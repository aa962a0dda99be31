//! Checks that the guests have the signatures of `guests.toml`, and that they fit together.

use anyhow::{anyhow, bail};
use linker::{Fault, Faults, InputLimits, InputModule, LibrarySource, Plan, Set};

use crate::build::demo;
use crate::build::guests::BuiltGuest;
use crate::build::manifest::Guest;
use crate::support::files;
use crate::support::project::Project;

/// Compares each guest with its contract, and links it with the guests from which it imports. Leaves
/// out those that have not changed and import from none that has.
///
/// # Errors
///
/// Every mismatch.
pub(crate) fn check(
    project: &Project,
    inputs: &[(&Guest, InputModule)],
    has_changed: impl Fn(&Guest) -> bool,
) -> anyhow::Result<()> {
    let mut faults = Faults::default();
    for (guest, input) in inputs {
        let dependencies = demo::dependencies(guest, inputs);
        if has_changed(guest) || dependencies.iter().any(|guest| has_changed(guest)) {
            faults.collect(guest.contract.check(&input.module));
            faults.collect(link(project, guest, inputs));
        }
    }
    faults.into_result().map_err(|faults| anyhow!("the guests do not fit\n{faults}"))
}

/// Plans the program that consists of a guest and the guests from which it imports.
fn link(project: &Project, guest: &Guest, inputs: &[(&Guest, InputModule)]) -> Result<(), Faults> {
    let input_of = |guest: &Guest| {
        let found = inputs.iter().find(|(other, _)| other.name == guest.name);
        found.map(|(_, input)| input.clone())
    };
    let Some(program) = input_of(guest) else { return Ok(()) };
    let libraries = demo::dependencies(guest, inputs).into_iter().filter_map(input_of).collect();
    let set = Set::gather(program, libraries, &mut BuiltSysroot(project))?;
    Plan::new(set.with_interfaces()).map(drop)
}

/// The published system libraries, as a source of libraries for the linker.
struct BuiltSysroot<'a>(&'a Project);

impl BuiltSysroot<'_> {
    fn load(&self, name: &str) -> anyhow::Result<InputModule> {
        let bytes = files::read(&self.0.sysroot().join(name))?;
        let name = name.trim_end_matches(".wasm");
        Ok(InputModule::load_trusted(name, bytes, &InputLimits::default())?)
    }
}

impl LibrarySource for BuiltSysroot<'_> {
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

/// Validates and loads guests.
///
/// # Errors
///
/// Every guest that is not valid.
pub(crate) fn load<'a>(built: &[BuiltGuest<'a>]) -> anyhow::Result<Vec<(&'a Guest, InputModule)>> {
    let mut inputs = Vec::new();
    let mut errors = Vec::new();
    for BuiltGuest { guest, bytes } in built {
        match load_one(guest, bytes) {
            Ok(input) => inputs.push((*guest, input)),
            Err(error) => errors.push(error.to_string()),
        }
    }
    if errors.is_empty() { Ok(inputs) } else { bail!("{}", errors.join("\n")) }
}

/// Loads a guest. Modules that share memory find each other's exports under `env`; every other
/// module has a module name of its own.
fn load_one(guest: &Guest, bytes: &[u8]) -> Result<InputModule, linker::LoadError> {
    linker::validate(&guest.name, bytes)?;
    let input = InputModule::load(&guest.name, bytes)?;
    if input.shares_memory() {
        return Ok(input);
    }
    Ok(input.preloaded_as(&guest.module))
}
