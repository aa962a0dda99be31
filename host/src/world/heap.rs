//! The heaps of a component's modules.
//!
//! A caller that passes a string to a component has `cabi_realloc` of the component allocate it,
//! and the function that gets it frees it. Modules of a program may have heaps of their own: Rust
//! has one, C and C++ have libc's. So the `cabi_realloc` must be that of the module that frees.

use linker::{Definition, InputModule, Kind, Plan};

use crate::fault::ComponentFault;

/// The function that allocates memory for a caller.
pub(crate) const REALLOC: &str = "cabi_realloc";
/// The same, for arguments of exports only, and for results of imports only.
const REALLOC_OF_EXPORTS: &str = "cabi_export_realloc";
const REALLOC_OF_IMPORTS: &str = "cabi_import_realloc";

/// A function of the world for which the canonical ABI allocates memory.
pub(crate) struct Allocation {
    /// The module that frees the memory.
    pub(crate) module: usize,
    /// The name of the function in messages.
    pub(crate) function: String,
}

/// The heap from which a module allocates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heap {
    Libc,
    Own(usize),
}

/// Chooses the functions that allocate memory for callers, each with its name in the core module.
///
/// # Errors
///
/// If there is none, or several modules with different heaps need one.
pub(crate) fn reallocs(
    plan: &Plan,
    exports: &[Allocation],
    imports: &[Allocation],
) -> Result<Vec<(String, Definition)>, ComponentFault> {
    let general = plan.definitions(REALLOC).first().copied();
    let of_exports = of_all(plan, exports, "export")?;
    let of_imports = of_all(plan, imports, "import")?;
    let named = |name: &str, realloc: Definition| (name.to_owned(), realloc);
    Ok(match (of_exports, of_imports) {
        (Some(export), Some(import)) if heap(plan, export.module) != heap(plan, import.module) => {
            vec![
                named(REALLOC_OF_EXPORTS, export),
                named(REALLOC_OF_IMPORTS, import),
                // The adapter uses this one, and frees nothing.
                named(REALLOC, import),
            ]
        }
        (Some(only), _) | (None, Some(only)) => vec![named(REALLOC, only)],
        (None, None) => general.into_iter().map(|realloc| named(REALLOC, realloc)).collect(),
    })
}

/// Checks that the `cabi_realloc` which a fused module exports, the first that is defined, is right
/// for all these functions.
///
/// # Errors
///
/// If a module frees memory in another heap.
pub(crate) fn check_fused(plan: &Plan, allocations: &[Allocation]) -> Result<(), ComponentFault> {
    let Some(first) = plan.definitions(REALLOC).first().copied() else { return Ok(()) };
    let is_other = |it: &&Allocation| {
        let frees = heap(plan, it.module);
        frees.is_some() && frees != heap(plan, first.module)
    };
    let name = |module: usize| plan.set().inputs[module].module.name.clone();
    allocations.iter().find(is_other).map_or(Ok(()), |other| {
        let (first, second) = (name(first.module), name(other.module));
        Err(ComponentFault::JoinedHeaps { first, second })
    })
}

/// Returns the function that allocates memory for all these functions.
fn of_all(
    plan: &Plan,
    allocations: &[Allocation],
    direction: &'static str,
) -> Result<Option<Definition>, ComponentFault> {
    let name = |module: usize| plan.set().inputs[module].module.name.clone();
    let two_heaps = |first: usize, second: usize| {
        let (first, second) = (name(first), name(second));
        ComponentFault::TwoHeaps { first, second, direction }
    };
    let mut chosen: Option<(usize, Definition)> = None;
    for &Allocation { module, .. } in allocations {
        let Some(realloc) = of_module(plan, module) else {
            let functions = |module: Option<usize>| {
                let of_module =
                    allocations.iter().filter(|it| module.is_none_or(|m| m == it.module));
                of_module.map(|it| it.function.clone()).collect()
            };
            return Err(match plan.definitions(REALLOC).first() {
                Some(other) if allocations.iter().any(|it| it.module == other.module) => {
                    two_heaps(other.module, module)
                }
                Some(_) => ComponentFault::NoOwnRealloc {
                    module: name(module),
                    functions: functions(Some(module)),
                },
                None => ComponentFault::NoRealloc { functions: functions(None) },
            });
        };
        match chosen {
            None => chosen = Some((module, realloc)),
            Some((first, known)) if heap(plan, known.module) != heap(plan, realloc.module) => {
                return Err(two_heaps(first, module));
            }
            Some(_) => {}
        }
    }
    Ok(chosen.map(|(_, realloc)| realloc))
}

/// Returns the function that allocates memory which a module frees: its own, or one of its heap.
fn of_module(plan: &Plan, module: usize) -> Option<Definition> {
    let definitions = plan.definitions(REALLOC);
    let own = definitions.iter().find(|definition| definition.module == module).copied();
    own.or_else(|| {
        let frees = heap(plan, module);
        let mut others = definitions.into_iter();
        others.find(|it| frees.is_none() || heap(plan, it.module) == frees)
    })
}

/// Returns the heap in which a module frees memory; `None` if it never frees any. A shared library
/// in C or C++ calls libc. A main contains its own heap, as Rust's mains do, or may do.
fn heap(plan: &Plan, module: usize) -> Option<Heap> {
    let input = &plan.set().inputs[module];
    match input.module.kind {
        _ if input.is_system() => Some(Heap::Libc),
        Kind::SharedLibrary => uses_libc(input).then_some(Heap::Libc),
        _ => Some(Heap::Own(module)),
    }
}

/// Returns whether a library calls a function of libc's heap.
fn uses_libc(input: &InputModule) -> bool {
    let mut imports = input.module.imports.iter().filter(|import| import.module == "env");
    imports.any(|import| ["malloc", "realloc", "free"].contains(&import.name.as_str()))
}

/// Finds a module whose heap would contain the memory of the adapter for WASI. Without a
/// `cabi_realloc`, the adapter adds pages to the memory.
pub(crate) fn takes_all_memory(plan: &Plan) -> Option<ComponentFault> {
    let inputs = plan.set().inputs.iter();
    let calls_wasi = |input: &&InputModule| {
        input.module.imports.iter().any(|import| import.module == linker::WASI)
    };
    let mut programs = inputs.filter(|input| input.is_program_of_emscripten()).filter(calls_wasi);
    let taker = programs.find(|input| input.looks_up_memory_size())?;
    Some(ComponentFault::TakesAllMemory { module: taker.module.name.clone() })
}
