//! Writes a program as a component.

use linker::{ComponentExports, Definition, FuseOptions, InputLimits, Module, Plan, WASI};
use wit_component::{ComponentEncoder, StringEncoding};

use super::adapter::{self, Adapter};
use crate::error::Error;
use crate::fault::{ComponentFault, ComponentFaults};
use crate::limits::Limits;
use crate::program::fuse::fuse;
use crate::program::preinit::preinit;
use crate::world::description::{Wit, World, message};
use crate::world::{check, heap};

/// Writes a program as a component. A command becomes one of the world `wasi:cli/command`; any
/// other program has the world that `wit` names or that its modules describe, in sections
/// `component-type`.
///
/// With `ahead`, constructors run now, within these limits: see [`preinit`](fn@crate::preinit).
///
/// # Errors
///
/// [`Error::Component`] if the modules do not implement the world; the errors of
/// [`fuse`](fn@crate::fuse) and [`preinit`](fn@crate::preinit).
pub fn component(
    plan: &Plan,
    options: &FuseOptions,
    wit: Option<&Wit>,
    adapters: &[Adapter],
    ahead: Option<&Limits>,
) -> Result<Vec<u8>, Error> {
    let world = World::of(plan.set(), wit).map_err(ComponentFaults::from)?;
    let is_command = plan.set().is_command() || options.invoke.is_some();
    let name = plan.main().name.clone();
    if world.is_unknown() && !is_command {
        return Err(ComponentFaults::from(ComponentFault::NoWorld { module: name }).into());
    }
    let exports = exports(plan, &world)?;
    let options = options.clone().with_component(exports);
    let module = match ahead {
        Some(limits) => preinit(plan, &options, limits)?,
        None => {
            let fused = fuse(plan, &options)?.modules.into_iter().next();
            fused.map(|module| module.bytes).unwrap_or_default()
        }
    };
    Ok(encode(is_command, &world, &name, module, adapters)?)
}

/// Returns the names of the functions that modules other than the main one export for the world
/// that the modules describe. The core module of a component must export them too.
///
/// # Errors
///
/// [`Error::Component`] if the descriptions cannot be read or contradict each other, or the modules
/// have different heaps.
pub fn world_exports(plan: &Plan) -> Result<Vec<String>, Error> {
    if !plan.set().describes_component() {
        return Ok(Vec::new());
    }
    let world = World::of(plan.set(), None).map_err(ComponentFaults::from)?;
    let functions = check::functions(plan, &world, &mut Vec::new());
    for allocations in [&functions.arguments, &functions.results] {
        heap::check_fused(plan, allocations).map_err(ComponentFaults::from)?;
    }
    let all = functions.exports.into_iter().chain(functions.intrinsics);
    let others = all.filter(|(_, definition)| definition.module != plan.set().program);
    let mut names: Vec<_> = others.map(|(name, _)| name).collect();
    if !names.is_empty() && !plan.definitions(heap::REALLOC).is_empty() {
        names.push(heap::REALLOC.to_owned());
    }
    Ok(names)
}

/// Returns the exports of the core module.
fn exports(plan: &Plan, world: &World) -> Result<ComponentExports, ComponentFaults> {
    let mut faults = Vec::new();
    let functions = check::functions(plan, world, &mut faults);
    let reallocs = heap::reallocs(plan, &functions.arguments, &functions.results);
    let reallocs: Vec<(String, Definition)> = match reallocs {
        Ok(reallocs) => reallocs,
        Err(fault) => {
            faults.push(fault);
            Vec::new()
        }
    };
    if reallocs.is_empty() {
        faults.extend(heap::takes_all_memory(plan));
    }
    ComponentFaults::check(faults)?;
    let intrinsics = functions.intrinsics.into_iter().chain(reallocs).collect();
    Ok(ComponentExports::new(functions.exports, intrinsics))
}

/// Makes a component of a core module.
fn encode(
    is_command: bool,
    world: &World,
    name: &str,
    mut module: Vec<u8>,
    adapters: &[Adapter],
) -> Result<Vec<u8>, ComponentFaults> {
    let fault = |error: &anyhow::Error| ComponentFault::Encode {
        module: name.to_owned(),
        message: message(error),
    };
    if let Some((resolve, id)) = &world.of_files {
        wit_component::embed_component_metadata(&mut module, resolve, *id, StringEncoding::UTF8)
            .map_err(|error| fault(&error))?;
    }
    let imports = imports_of_wasi(name, &module);
    let encoder = ComponentEncoder::default().validate(true);
    let mut encoder = encoder.module(&module).map_err(|error| fault(&error))?;
    for adapter in adapters {
        let bytes = adapter.read()?;
        encoder = encoder.adapter(&adapter.name, &bytes).map_err(|error| {
            let (path, message) = (adapter.path.clone(), message(&error));
            ComponentFault::Adapter { path, message }
        })?;
    }
    let is_adapted = adapters.iter().any(|adapter| adapter.name == WASI);
    if !is_adapted && (!imports.is_empty() || is_command) {
        let adapter = adapter::of_wasi(is_command, world, &imports);
        encoder = encoder.adapter(WASI, adapter).map_err(|error| fault(&error))?;
    }
    Ok(encoder.encode().map_err(|error| fault(&error))?)
}

/// Returns the names of the functions of WASI preview 1 that a written module imports.
fn imports_of_wasi(name: &str, module: &[u8]) -> Vec<String> {
    let module = Module::load_within(name, module, &InputLimits::NONE);
    let imports = module.map(|module| module.imports).unwrap_or_default().into_iter();
    imports.filter(|import| import.module == WASI).map(|import| import.name).collect()
}
