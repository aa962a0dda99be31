//! What a module must be to take part in a program, whatever the others define.

use crate::convention::{CALL_CONSTRUCTORS, INITIALIZE, RELOCATIONS};
use crate::fault::Fault;
use crate::load::Kind;
use crate::set::Object;
use crate::types::ExternType;

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

/// What prepares a module is called without arguments. A command does that by itself.
pub(crate) fn initialisers(object: &Object) -> Option<Fault> {
    let names = [RELOCATIONS[0], RELOCATIONS[1], CALL_CONSTRUCTORS, INITIALIZE];
    let is_right = |ty: &ExternType| matches!(ty, ExternType::Func(ty) if ty.params.is_empty() && ty.results.is_empty());
    let mut exports = object.module.exports.iter();
    let wrong = exports.any(|e| names.contains(&e.name.as_str()) && !is_right(&e.ty));
    let message = "exports what prepares a module (`__wasm_call_ctors`, `_initialize` or a `__wasm_apply_…_relocs`), and \
                   it is no function without parameters and results; give it another name";
    let module = object.module.name.clone();
    (wrong && object.module.kind != Kind::Command).then_some(Fault::Unsupported { module, message })
}
