//! What a module must be to take part in a program, whatever the others define.

use crate::convention::{CALL_CONSTRUCTORS, INITIALIZE, MEMORY, RELOCATIONS, TABLE};
use crate::fault::Fault;
use crate::load::{Kind, Module};
use crate::set::Object;
use crate::types::{ExternType, FuncType};

/// A fault for each main but the first.
pub(crate) fn two_mains(objects: &[Object]) -> Vec<Fault> {
    let mut mains = objects.iter().filter(|object| object.is_main());
    let Some(first) = mains.next() else { return Vec::new() };
    mains
        .map(|second| Fault::TwoMains {
            first: first.module.name.clone(),
            second: second.module.name.clone(),
        })
        .collect()
}

/// Why a module cannot be linked at all. What else is wrong with it comes of that, and would only hide it.
pub(crate) fn unusable(object: &Object) -> Option<Fault> {
    let message = if object.module.kind == Kind::Object {
        "is an object file, of which no module has been made: link it with `emcc -sSIDE_MODULE=1`, or \
         build Rust as a `cdylib`"
    } else if object.is_dynamic() && is_memory64(object) {
        "is built for memory64, which is not supported: build it for wasm32, without `-sMEMORY64`"
    } else {
        return None;
    };
    Some(Fault::Unsupported { module: object.module.name.clone(), message })
}

fn is_memory64(object: &Object) -> bool {
    let imports = object.module.imports.iter().map(|import| &import.ty);
    let exports = object.module.exports.iter().map(|export| &export.ty);
    imports.chain(exports).any(|ty| matches!(ty, ExternType::Memory(ty) if ty.memory64))
}

/// Modules that share a memory have no other.
pub(crate) fn own_memory(object: &Object) -> Option<Fault> {
    let imports = &object.module.imports;
    let imported = imports.iter().filter(|i| matches!(i.ty, ExternType::Memory(_))).count();
    let expected = if object.is_main() { 1 } else { imported };
    let right = object.module.internals.memories as usize == expected && imported <= 1;
    let message = "has a memory of its own beside the one that it shares: build it with one memory";
    let module = object.module.name.clone();
    (object.is_dynamic() && !right).then_some(Fault::Unsupported { module, message })
}

/// Every module is written with the process's memory and table among its exports.
pub(crate) fn names_of_the_process(object: &Object) -> Option<Fault> {
    let is_taken = |name: &str| {
        let export = object.module.export(name).map(|export| &export.ty);
        matches!(export, Some(ExternType::Func(_) | ExternType::Tag(_)))
    };
    let message = "exports a function or tag that is called `memory` or `__indirect_function_table`, as the \
                   process's memory and table are: rename it";
    let module = object.module.name.clone();
    let taken = object.is_dynamic() && [MEMORY, TABLE].into_iter().any(is_taken);
    taken.then_some(Fault::Unsupported { module, message })
}

/// What prepares a module is called without arguments, and returns nothing.
pub(crate) fn initialisers(object: &Object) -> Vec<Fault> {
    let module = &object.module;
    let expected = ExternType::Func(FuncType { params: Vec::new(), results: Vec::new() });
    let fault = |name: &'static str| {
        let found = module.export(name).map(|export| &export.ty)?;
        (*found != expected).then(|| Fault::ExportMismatch {
            module: module.name.clone(),
            name: name.to_owned(),
            expected: expected.clone(),
            found: found.clone(),
        })
    };
    relocations(module).chain(constructors(module)).filter_map(fault).collect()
}

/// The functions that apply a module's relocations, in the order in which they are called.
pub(crate) fn relocations(module: &Module) -> impl Iterator<Item = &'static str> {
    RELOCATIONS.into_iter().filter(|name| module.export(name).is_some())
}

/// The function that runs a module's constructors: of several the first.
pub(crate) fn constructors(module: &Module) -> Option<&'static str> {
    let names: &[_] = match module.kind {
        // A command initialises itself when it is started; an object file is no module yet.
        Kind::Command | Kind::Object => &[],
        Kind::SharedLibrary => &[CALL_CONSTRUCTORS, INITIALIZE],
        Kind::Main | Kind::Reactor | Kind::Plain => &[INITIALIZE, CALL_CONSTRUCTORS],
    };
    names.iter().find(|name| module.export(name).is_some()).copied()
}
