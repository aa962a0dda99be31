//! Keeps the heap of a main that has Emscripten's `sbrk` away from the data of other modules.
//!
//! That `sbrk` hands out all memory above the main's own data, which is where the linker places
//! the stack and the other modules. It starts at the number to which `emscripten_get_sbrk_ptr`
//! points. A module of a single function, which the program calls before any constructor, moves
//! that behind all modules, as Emscripten's own loader does.
//!
//! ```text
//! (func (export "__wasm_apply_data_relocs")
//!   (i32.store (call $emscripten_get_sbrk_ptr) (global.get $__heap_base)))
//! ```

use wasm_encoder::{
    CodeSection, CustomSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalType, ImportSection, MemArg, MemoryType, Module, TypeSection, ValType,
};

use crate::convention::{ENV, HEAP_BASE, MEMORY, RELOCATIONS};
use crate::dylink;
use crate::set::Object;
use crate::types::ExternType;

/// How messages call the module.
const NAME: &str = "sbrk";

/// Returns where Emscripten's `sbrk` keeps the end of the heap.
const SBRK_POINTER: &str = "emscripten_get_sbrk_ptr";

/// Returns the module for a program, if its main needs one.
pub(crate) fn module(objects: &[Object]) -> Option<Object> {
    let main = objects.iter().find(|object| object.is_main())?;
    match &main.module.export(SBRK_POINTER)?.ty {
        ExternType::Func(ty) if ty.to_string() == "() -> i32" => Object::load(NAME, bytes()).ok(),
        _ => None,
    }
}

fn bytes() -> Vec<u8> {
    let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
    types.ty().function([], [ValType::I32]);
    types.ty().function([], []);
    let memory = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    let address = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
    imports.import(ENV, MEMORY, EntityType::Memory(memory));
    imports.import(ENV, SBRK_POINTER, EntityType::Function(0));
    imports.import(ENV, HEAP_BASE, EntityType::Global(address));
    let (mut functions, mut exports) = (FunctionSection::new(), ExportSection::new());
    functions.function(1);
    exports.export(RELOCATIONS[0], ExportKind::Func, 1);
    let mut body = Function::new([]);
    let whole = MemArg { offset: 0, align: 2, memory_index: 0 };
    body.instructions().call(0).global_get(0).i32_store(whole).end();
    let mut code = CodeSection::new();
    code.function(&body);
    let mut module = Module::new();
    module.section(&CustomSection { name: dylink::SECTION.into(), data: [].as_slice().into() });
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module.finish()
}
