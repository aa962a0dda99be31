//! Compares what the modules of a program export and import with the component's world.

use std::collections::BTreeSet;

use linker::{Definition, ExternType, InputModule, Plan};

use super::description::{ImportedFunction, World, is_function};
use super::heap::Allocation;
use crate::fault::ComponentFault;

/// The functions of the world, as the modules of a program define and use them.
#[derive(Default)]
pub(crate) struct Functions {
    /// The definitions of the functions that the component exports, by their names.
    pub(crate) exports: Vec<(String, Definition)>,
    /// The definitions of functions that free results and destroy resources, by their names.
    pub(crate) intrinsics: Vec<(String, Definition)>,
    /// The exports whose arguments need memory.
    pub(crate) arguments: Vec<Allocation>,
    /// The imports whose results need memory.
    pub(crate) results: Vec<Allocation>,
}

/// Finds the functions of the world, and adds what is wrong to `faults`.
pub(crate) fn functions(plan: &Plan, world: &World, faults: &mut Vec<ComponentFault>) -> Functions {
    let mut functions = Functions::default();
    for function in world.exports() {
        let definitions = plan.definitions(&function.name);
        let Some(&definition) = definitions.first() else {
            let near = near(plan, &function.name);
            faults.push(ComponentFault::Missing { name: function.name, ty: function.ty, near });
            continue;
        };
        let name = |module: usize| plan.set().inputs[module].module.name.clone();
        if definitions.len() > 1 {
            let modules = definitions.iter().map(|it| name(it.module)).collect();
            faults.push(ComponentFault::Twice { name: function.name.clone(), modules });
        }
        match ty(plan, definition) {
            ExternType::Func(found) if **found == function.ty => {}
            found => faults.push(ComponentFault::ExportType {
                module: name(definition.module),
                name: function.name.clone(),
                ty: function.ty.clone(),
                found: found.clone(),
            }),
        }
        let of_same = |symbol: &String| {
            let mut definitions = plan.definitions(symbol).into_iter();
            definitions.find(|it| it.module == definition.module)
        };
        let post_return = of_same(&function.post_return);
        functions.intrinsics.extend(post_return.map(|it| (function.post_return.clone(), it)));
        if function.allocates {
            let (module, function) = (definition.module, function.name.clone());
            functions.arguments.push(Allocation { module, function });
        }
        functions.exports.push((function.name, definition));
    }
    for destructor in world.destructors() {
        let definition = plan.definitions(&destructor).first().copied();
        functions.intrinsics.extend(definition.map(|it| (destructor, it)));
    }
    imports(plan, world, &mut functions, faults);
    faults.extend(other_memory(plan, &functions));
    functions
}

/// Compares the imports of all modules with the world.
fn imports(
    plan: &Plan,
    world: &World,
    functions: &mut Functions,
    faults: &mut Vec<ComponentFault>,
) {
    let imported = world.imports();
    let mut of_program = BTreeSet::new();
    for (module, input) in plan.set().inputs.iter().enumerate() {
        for import in &input.module.imports {
            let is_it =
                |it: &&ImportedFunction| it.module == import.module && it.name == import.name;
            let Some(function) = imported.iter().find(is_it) else { continue };
            if !is_function(import, &function.ty) {
                faults.push(ComponentFault::ImportType {
                    importer: input.module.name.clone(),
                    module: import.module.clone(),
                    name: import.name.clone(),
                    ty: function.ty.clone(),
                    found: import.ty.clone(),
                });
            }
            let exported = format!("{}#{}", function.module, function.name);
            let exporters = plan.definitions(&exported).into_iter().map(|it| it.module);
            for exporter in exporters.filter(|exporter| *exporter != module) {
                of_program.insert((module, function.module.clone(), exporter));
            }
            if function.allocates {
                let function = format!("{}.{}", function.module, function.name);
                functions.results.push(Allocation { module, function });
            }
        }
    }
    let name = |module: usize| plan.set().inputs[module].module.name.clone();
    faults.extend(of_program.into_iter().map(|(importer, interface, exporter)| {
        let (importer, exporter) = (name(importer), name(exporter));
        ComponentFault::Itself { importer, interface, exporter }
    }));
}

fn ty(plan: &Plan, definition: Definition) -> &ExternType {
    &plan.set().inputs[definition.module].module.exports[definition.export].ty
}

/// Returns the export with the nearest name, and its module.
fn near(plan: &Plan, name: &str) -> Option<(String, String)> {
    let mut given = plan.set().inputs.iter().filter(|input| !input.is_system());
    given.find_map(|input| {
        let functions = input.module.functions().map(|(name, _)| name);
        let near = linker::near(name, functions).or_else(|| {
            // The function itself, of another version of the interface or of none.
            let mut functions = input.module.functions();
            let is_same = |(other, _): &(&str, _)| without_version(other) == without_version(name);
            functions.find(is_same).map(|(name, _)| name)
        })?;
        Some((input.module.name.clone(), near.to_owned()))
    })
}

/// Returns the name of a function without the version of its interface.
fn without_version(name: &str) -> String {
    match (name.split_once('@'), name.split_once('#')) {
        (Some((interface, _)), Some((_, function))) => format!("{interface}#{function}"),
        _ => name.to_owned(),
    }
}

/// Finds a module that takes part in the world but keeps a memory of its own, if there is another
/// memory.
fn other_memory(plan: &Plan, functions: &Functions) -> Option<ComponentFault> {
    let inputs = &plan.set().inputs;
    let of_exports = functions.exports.iter().map(|(_, definition)| definition.module);
    let of_imports = functions.results.iter().map(|allocation| allocation.module);
    let modules: Vec<_> = of_exports.chain(of_imports).collect();
    let own = modules.iter().copied().find(|&module| !inputs[module].shares_memory())?;
    let shares = |input: &&InputModule| input.shares_memory();
    let is_other = |input: &InputModule| !std::ptr::eq(input, &inputs[own]);
    let other = modules.iter().map(|&module| &inputs[module]).find(|input| is_other(input));
    let other = other.or_else(|| inputs.iter().find(shares))?;
    Some(ComponentFault::OtherMemory {
        module: inputs[own].module.name.clone(),
        other: other.module.name.clone(),
    })
}
