//! The state of Binaryen's asyncify, as a module that the linker writes.
//!
//! `wasm-opt --asyncify --pass-arg=asyncify-relocatable` lets code leave its functions and return
//! into them later. Modules that are processed so share two globals, which they import: whether
//! functions are being left or entered, and where their variables are kept. If no module of the
//! program defines them, the linker does, as the one that makes components does.

use wasm_encoder::{ConstExpr, ExportKind, GlobalType, TagSection, ValType};

use crate::convention::ENV;
use crate::plan::input::InputModule;
use crate::plan::synthetic::ModuleWriter;

/// The name of the module in messages.
const NAME: &str = "asyncify";

const GLOBALS: [&str; 2] = ["__asyncify_state", "__asyncify_data"];

/// Returns the module that defines both globals, if one is imported and no module defines it.
pub(crate) fn module(inputs: &[InputModule]) -> Option<InputModule> {
    let process = || inputs.iter().filter(|input| input.linked_as == ENV);
    let is_defined = |name: &str| process().any(|input| input.definition(name).is_some());
    let shared = inputs.iter().filter(|input| input.shares_memory());
    let mut imports = shared.flat_map(|input| &input.module.imports);
    let is_wanted = imports.any(|import| {
        let name = import.name.as_str();
        import.module == ENV && GLOBALS.contains(&name) && !is_defined(name)
    });
    if !is_wanted {
        return None;
    }
    let mut writer = ModuleWriter::default();
    let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    for (global, name) in (0..).zip(GLOBALS) {
        writer.globals.global(ty, &ConstExpr::i32_const(0));
        writer.exports.export(name, ExportKind::Global, global);
    }
    // What is written here can be read.
    let mut input = InputModule::load(NAME, writer.finish(&TagSection::new())).ok()?;
    input.is_on_demand = true;
    Some(input)
}
