//! Keeps the heap of a main that has Emscripten's `sbrk` away from the data of other modules.
//!
//! That `sbrk` returns all memory above the main's own data, where the linker puts the stack and
//! the other modules. It starts at the address that is stored where `emscripten_get_sbrk_ptr`
//! points. A module of a single function, which the program calls before any constructor, stores
//! the end of all modules there, as Emscripten's own loader does.
//!
//! ```text
//! (func (export "__wasm_apply_data_relocs")
//!   (i32.store (call $emscripten_get_sbrk_ptr) (global.get $__heap_base)))
//! ```

use wasm_encoder::{EntityType, Function, GlobalType, MemArg, TagSection, ValType};

use crate::convention::{ENV, HEAP_BASE, RELOCATIONS};
use crate::plan::input::{InputModule, SyntheticKind};
use crate::plan::synthetic::ModuleWriter;
use crate::plan::synthetic::command::synthetic_module;
use crate::types::ExternType;

/// The function that returns where Emscripten's `sbrk` keeps the end of the heap.
const SBRK_POINTER: &str = "emscripten_get_sbrk_ptr";

/// Returns the module for a program, if its main needs one. A main that was fused before already
/// contains one.
pub(crate) fn module(inputs: &[InputModule]) -> Option<InputModule> {
    let main = inputs.iter().find(|input| input.is_main())?;
    let is_fused = !main.module.internals.linked.is_empty();
    let ExternType::Func(ty) = &main.module.export(SBRK_POINTER)?.ty else { return None };
    if is_fused || ty.to_string() != "() -> i32" {
        return None;
    }
    let mut input = synthetic_module("sbrk", bytes(), SyntheticKind::Heap)?;
    // It takes part although no module refers to it.
    input.is_on_demand = false;
    Some(input)
}

fn bytes() -> Vec<u8> {
    let mut module = ModuleWriter::default();
    module.import_memory();
    let sbrk_pointer = module.import(ENV, SBRK_POINTER, &(Vec::new(), Some(ValType::I32)));
    let address = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
    module.imports.import(ENV, HEAP_BASE, EntityType::Global(address));
    let mut body = Function::new([]);
    let whole = MemArg { offset: 0, align: 2, memory_index: 0 };
    body.instructions().call(sbrk_pointer).global_get(0).i32_store(whole).end();
    module.define(RELOCATIONS[0], &(Vec::new(), None), &body);
    module.finish(&TagSection::new())
}
